"""Claims out of .env, the manifest and port maps; the naming document."""

from __future__ import annotations

import json

from kestra_tasks.core.composeclaims import Named
from kestra_tasks.core.documents import (
    env_claims,
    manifest_claims,
    port_map_claims,
    read_naming,
)
from kestra_tasks.core.facts import Claim, Note

PORT_MAP = """# Portas

| Serviço | Porta | Porta interna | Notas |
|---------|-------|---------------|-------|
| **API** | `8080` | 80 | principal |
| [Banco](b.md) | 5432/tcp, 6543:5432 | 5432 | |
| Faixa | 3000-3002 → 80 | 80 | |
| DNS | 53/udp | 53 | v1.25.0 |
| Kestra | 8081 | | |

```
| Service | Port |
|---|---|
| no | 1111 |
```

| Name | Version |
|------|---------|
| x    | 9999    |
"""


def test_port_map() -> None:
    claims = port_map_claims(PORT_MAP, "map.md")
    assert [(c.port, c.protocol, c.owner, c.line) for c in claims] == [
        (8080, "tcp", "API", 5),
        (5432, "tcp", "Banco", 6),
        (6543, "tcp", "Banco", 6),
        (3000, "tcp", "Faixa", 7),
        (3001, "tcp", "Faixa", 7),
        (3002, "tcp", "Faixa", 7),
        (53, "udp", "DNS", 8),
        (8081, "tcp", "Kestra", 9),
    ]
    assert [c.owner for c in claims if c.ours] == ["Kestra"]
    assert {(c.file, c.kind, c.host_ip) for c in claims} == {("map.md", "port-map", None)}


def test_ports_of_addresses_are_claims_where_most_addresses_have_one() -> None:
    text = """| Serviço | URL/Porta |
|---|---|
| Painel | http://localhost:3103 |
| Banco | `localhost:5433` |
| Site | https://example.org/a |

| Nome | URL |
|---|---|
| Docs | https://example.org/a |
| API | http://localhost:9999 |
| Mail | https://example.org/b |
"""
    assert [(c.port, c.owner, c.line) for c in port_map_claims(text, "map.md")] == [
        (3103, "Painel", 3),
        (5433, "Banco", 4),
    ]


def test_a_port_belongs_to_the_rows_name() -> None:
    text = "| Port | Service |\n|---|---|\n| `80`-`81` | API |\n| 82 | |\n"
    assert [(c.port, c.owner) for c in port_map_claims(text, "map.md")] == [
        (80, "API"),
        (81, "API"),
        (82, "a row"),
    ]


def test_env() -> None:
    text = "# A_PORT=1\nA_PORT=80\nexport PORT='81'\nB_PORT=${A_PORT}\nPORTS=82\nC_PORT=no\nD=1\n"
    text += "KESTRA_HTTP_PORT=8080\nE_PORT=${OUTSIDE}\n"
    claims = env_claims(text, ".env", "env", {"OUTSIDE": "83"})
    assert [(c.port, c.owner, c.line, c.ours) for c in claims] == [
        (80, "A_PORT", 2, False),
        (81, "PORT", 3, False),
        (80, "B_PORT", 4, False),
        (8080, "KESTRA_HTTP_PORT", 8, True),
        (83, "E_PORT", 9, False),
    ]


def test_manifest() -> None:
    services = [
        {"id": "api", "port": 8080, "healthUrl": "http://localhost:9090/health"},
        {"id": "web", "port": "${WEB_PORT:-3000}"},
        {"id": "far", "healthUrl": "https://example.org/health"},
        {"id": "kestra-orchestrator", "healthUrl": "http://localhost:8081/health"},
    ]
    claims, notes = manifest_claims(json.dumps({"services": services}, indent=1), "m.json", {})
    assert notes == []
    assert claims == [
        Claim(8080, "tcp", None, "m.json", 3, "api", "manifest"),
        Claim(9090, "tcp", None, "m.json", 3, "api", "manifest"),
        Claim(3000, "tcp", None, "m.json", 8, "web", "manifest"),
        Claim(8081, "tcp", None, "m.json", 16, "kestra-orchestrator", "manifest", ours=True),
    ]


def test_a_broken_manifest_is_told() -> None:
    claims, (note,) = manifest_claims('{"services": [,]}', "m.json", {})
    assert claims == []
    assert note == Note(
        "manifest",
        "m.json:1: not JSON: Expecting value",
        "mend m.json, or name another one: `manifest:` under `kestra:` in invoke.yaml",
    )


def test_ports_of_a_manifest_of_another_shape_are_claims_too() -> None:
    text = '{"apps": {\n "web": {"port": 3000},\n "api": {"hostPort": "8081", "portable": 1}}}'
    claims, [note] = manifest_claims(text, "m.json", {})
    assert claims == [
        Claim(3000, "tcp", None, "m.json", 2, "port", "manifest"),
        Claim(8081, "tcp", None, "m.json", 3, "hostPort", "manifest"),
    ]
    assert "manifest:" in note.hint


def test_naming() -> None:
    text = "# Names\n\nsubtools-x\n- Tools: `tools-<service>`\n"
    found = read_naming(text, "n.md", "tools", [])
    assert (found.present, found.pattern, found.line) == (True, "tools-*", 4)
    assert read_naming("# Names", "n.md", "tools", []).line is None
    assert not read_naming(None, "n.md", "tools", []).present


def test_containers_that_follow_another_pattern() -> None:
    stack = [Named("c.yml", 3, "a", "tools-a"), Named("c.yml", 9, "b", "data-b")]
    assert read_naming(None, "n.md", "tools", stack).outliers == (stack[1],)
