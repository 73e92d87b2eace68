"""Lines that show why a start failed, and what to do about it.

The order is the order of what hides what: a full disk makes a database unhealthy, which makes a
server fail to connect.
"""

from __future__ import annotations

from dataclasses import dataclass

from kestra_tasks.errors import ExitCode


@dataclass(frozen=True)
class Rule:
    """Lines of `source` that match `pattern` show this cause.

    `title` and `next` may name the pattern's groups, and {env_file}.
    """

    kind: str
    source: str  # server, database, output
    pattern: str
    title: str
    next: str
    code: ExitCode = ExitCode.UNHEALTHY


_HELD_BACK = ExitCode.PRECONDITION
_FREE_DISK = "free some room (docker system df; df -h), then: inv kestra.up"
_IMAGE_DOWN = (
    "check the network, or name an image that is here: KESTRA_IMAGE (docker images); "
    "then: inv kestra.up"
)
_PORTS = (
    "stop what holds it, or choose others: inv kestra.env --ports auto --here; then: inv kestra.up"
)
_AS_IT_WAS = (
    "put the password that made the database back into {env_file}, or change it inside the "
    "database; then: inv kestra.up"
)
RULES = (
    Rule(
        "image-denied",
        "output",
        r"(?i)(?:pull access denied for (?P<image>[\w./:@-]+)"
        r"|unauthorized: |denied: requested access|no basic auth credentials"
        r"|authentication required)",
        "the registry refuses the image: it is private, or doesn't exist",
        "docker login, or correct KESTRA_IMAGE in {env_file}; then: inv kestra.up",
        _HELD_BACK,
    ),
    Rule(
        "image-missing",
        "output",
        r"(?i)(?:manifest unknown|manifest for \S+ not found|repository \S+ not found"
        r"|no such image|not found: manifest|failed to resolve reference .*: not found)",
        "the registry has no such image",
        "correct the name or tag (KESTRA_IMAGE, KESTRA_POSTGRES_IMAGE) in {env_file}; "
        "then: inv kestra.up",
        _HELD_BACK,
    ),
    Rule(
        "image-limited",
        "output",
        r"(?i)toomanyrequests|pull rate limit",
        "the registry's limit of pulls is reached",
        "docker login, or wait; then: inv kestra.up",
        _HELD_BACK,
    ),
    Rule(
        "image-unreachable",
        "output",
        r"(?i)(?:dial tcp|lookup \S+|Get \"https?://[^\"]+\"|registry|proxyconnect).*"
        r"(?:connection refused|no such host|i/o timeout|network is unreachable|TLS handshake"
        r"|server misbehaving|request canceled|context deadline|EOF|Forbidden|Bad Gateway"
        r"|certificate|no route to host|temporary failure|try again)",
        "the image's registry can't be reached",
        _IMAGE_DOWN,
        _HELD_BACK,
    ),
    Rule(
        "pull-broken-off",
        "output",
        r"(?i)^(?:Error response from daemon: )?\s*(?:unexpected EOF"
        r"|expected HTTP 206 from byte range request|filesystem layer verification failed.*"
        r"|download failed after attempts.*)$",
        "the image's download broke off; the layers that came whole are kept",
        _IMAGE_DOWN,
        _HELD_BACK,
    ),
    Rule(
        "network-missing",
        "output",
        r"(?i)network (?P<network>[\w.-]+) (?:not found"
        r"|declared as external, but could not be found)",
        "the stack's external network {network} isn't there",
        "docker network create {network}   (or whatever makes it here); then: inv kestra.up",
        _HELD_BACK,
    ),
    Rule(
        "name-taken",
        "output",
        r"Conflict\. The container name \"/?(?P<name>[^\"]+)\" is already in use",
        "the container name {name} is held by another container, which isn't of this project",
        "docker inspect {name}; remove it there, or set another KESTRA_CONTAINER_NAME in "
        "{env_file}; then: inv kestra.up",
        _HELD_BACK,
    ),
    Rule(
        "port-taken",
        "output",
        r"(?i)(?:bind for|listen tcp\w*|exposing port TCP|failed to bind host port(?: for)?)\s+"
        r"(?:\[[^\]]*\]|[\d.]*):(?P<port>\d+)[^\n]*(?:already allocated|already in use)",
        "port {port} of this machine is already taken",
        _PORTS,
        _HELD_BACK,
    ),
    Rule(
        "port-taken",
        "output",
        r"(?i)port is already allocated|address already in use|ports are not available",
        "a port of this machine is already taken",
        _PORTS,
        _HELD_BACK,
    ),
    Rule(
        "disk-full",
        "any",
        r"(?i)no space left on device|disk quota exceeded|could not extend file",
        "the disk is full where this is written",
        _FREE_DISK,
    ),
    Rule(
        "mount-missing",
        "output",
        r"(?i)(?:bind source path does not exist: (?P<path>\S+)|error while creating mount source)",
        "a folder or socket to mount isn't there: {path}",
        "check KESTRA_DOCKER_SOCKET, KESTRA_STORAGE_DIR and KESTRA_WORKDIR_DIR in {env_file}",
        _HELD_BACK,
    ),
    Rule(
        "out-of-memory",
        "any",
        r"(?i)java\.lang\.OutOfMemoryError|insufficient memory for the Java Runtime"
        r"|Cannot allocate memory|could not map anonymous shared memory"
        r"|FATAL: +out of memory|Could not reserve enough space|Too small maximum heap",
        "memory ran out",
        "give it more (kestra.memory or kestra.postgres_memory in invoke.yaml, or KESTRA_MEMORY "
        "in {env_file}); then: inv kestra.up",
    ),
    Rule(
        "database-version",
        "database",
        r"(?i)database files are incompatible with server"
        r"|data directory was initialized by PostgreSQL version",
        "the data were made by another major version of Postgres",
        "go back to the Postgres image that made them (KESTRA_POSTGRES_IMAGE in {env_file})",
    ),
    Rule(
        "secret-missing",
        "any",
        r"(?i)(?:Could not resolve placeholder \$\{(?P<name>ORCHESTRATOR_\w*PASSWORD)\}"
        r"|superuser password is not specified|no superuser password is given)",
        "a password is missing",
        "inv kestra.env",
        _HELD_BACK,
    ),
    Rule(
        "database-password",
        "server",
        r"(?i)password authentication failed for user \"?(?P<user>[^\"\s]+)"
        r"|no password was provided|FATAL: role \"[^\"]+\" does not exist",
        "the database refuses the user or its password: {env_file} isn't what made the database",
        _AS_IT_WAS,
    ),
    Rule(
        "database-absent",
        "server",
        r"(?i)FATAL: database \"(?P<name>[^\"]+)\" does not exist",
        "the database {name} doesn't exist on its server",
        "correct KESTRA_DB_NAME in {env_file}, or create it; then: inv kestra.up",
    ),
    Rule(
        "database-unreachable",
        "server",
        r"(?i)UnknownHostException|The connection attempt failed"
        r"|Connection to \S+ refused|Connection refused[^\n]*postgres"
        r"|the database system is (?:starting up|shutting down|in recovery)"
        r"|no pg_hba\.conf entry",
        "the server can't reach its database",
        "check KESTRA_DB_HOST and KESTRA_DB_PORT in {env_file}, and: inv kestra.status",
    ),
    Rule(
        "configuration",
        "server",
        r"(?i)configuration is not valid YAML|while (?:parsing|scanning) a "
        r"|mapping values are not allowed|Could not resolve placeholder"
        r"|is not set in the configuration|which this server doesn't know"
        r"|No bean of type \[|ConfigurationException|Failed to inject value for parameter"
        r"|basic-auth\.(?:username|password) (?:must|needs)|Invalid username for Basic Auth"
        r"|Unable to convert property|unknown option|Unmatched argument",
        "the server refuses its configuration",
        "compare KESTRA_CONFIGURATION in Kestra's compose.yml and {env_file}; "
        "inv kestra.integrate shows what was edited by hand",
    ),
)
