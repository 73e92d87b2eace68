"""What the columns of people's tables hold, told by their headers in English and Portuguese."""

from __future__ import annotations

import re
import unicodedata

# Headers, without accents and in lower case, by what the column holds.
_ROLES = {
    "name": ("service", "servico", "servicio", "name", "nome", "app", "application", "componente"),
    "port": (
        *("port", "ports", "port(s)", "host port", "external port", "published port"),
        *("default port", "port (host)", "porta", "portas", "porta(s)", "porta host"),
        *("porta externa", "porta publicada", "porta padrao", "porta (host)", "puerto"),
    ),
    "inner": (
        *("container port", "internal port", "port (container)"),
        *("porta interna", "porta do container", "porta (container)"),
    ),
    "container": ("container", "conteiner", "container name", "nome do container"),
    "stack": ("stack", "group", "grupo", "category", "categoria", "fase", "phase", "layer"),
    "start": ("start", "inicio", "como subir", "how to start"),
    "startstop": (
        *("start / stop", "start/stop", "start & stop", "command", "commands"),
        *("inicio / parada", "inicio/parada", "iniciar / parar", "comando", "comandos"),
    ),
    "stop": ("stop", "parada"),
    "protocol": ("protocol", "protocolo"),
    "variable": ("variable", "env", "env var", "variavel", "variavel de ambiente"),
    "date": ("date", "when", "changed", "since", "data", "quando", "mudanca", "desde"),
    "url": (
        *("url", "urls", "endpoint", "address", "endereco", "link", "url/port", "url / port"),
        *("port/url", "port / url", "url/porta", "url / porta", "porta/url", "porta / url"),
        *("endpoint/porta", "endpoint / porta", "endereco/porta", "endereco / porta"),
    ),
    "image": ("image", "imagem", "docker image", "imagem docker"),
    "health": ("health", "health check", "healthcheck", "saude"),
    "owner": ("owner", "dono", "responsavel", "team", "equipe", "time"),
    "right": ("right", "correct", "good", "certo", "correto", "example", "exemplo"),
    "wrong": ("wrong", "incorrect", "bad", "errado", "incorreto"),
    "notes": ("notes", "notas", "description", "descricao", "observacoes", "purpose", "proposito"),
}


def plain(text: str) -> str:
    """`text` in lower case, without Markdown's emphasis and accents."""
    decomposed = unicodedata.normalize("NFKD", re.sub(r"[*_`]", "", text))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).strip().lower()


def role_of(header: str) -> str:
    """What a column under `header` holds; "" where that is nothing known."""
    words = plain(header)
    for role, names in _ROLES.items():
        if words in names:
            return role
    return ""
