"""Why a service is in its state, in words: English and Brazilian Portuguese."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LANGUAGES = ("en", "pt-BR")

_TEXTS = {
    # what its health address said
    "answers": ("answers {code}", "responde {code}"),
    "accepts": ("accepts connections", "aceita conexões"),
    "says": ("health says {word}", "a saúde diz {word}"),
    "says_parts": ("health says {word} ({parts})", "a saúde diz {word} ({parts})"),
    "slow": ("answers {code}, but slowly: {ms} ms", "responde {code}, mas devagar: {ms} ms"),
    "login": ("answers {code}: it asks for a login", "responde {code}: pede autenticação"),
    "odd_code": (
        "answers {code}, which no health check should: is its address right?",
        "responde {code}, o que não se espera: o endereço está certo?",
    ),
    "other_code": ("answers {code} instead of {expected}", "responde {code} em vez de {expected}"),
    "error_code": ("answers with error {code}", "responde com o erro {code}"),
    "refused": ("nothing listens at {at}", "nada escuta em {at}"),
    "timeout": ("{at} gave no answer within {seconds} s", "{at} não respondeu em {seconds} s"),
    "no_host": ("the host name {at} isn't known", "o nome {at} não é conhecido"),
    "unreachable": ("{at} can't be reached", "{at} não pode ser alcançado"),
    "not_http": ("what answers at {at} doesn't speak HTTP", "o que responde em {at} não fala HTTP"),
    "tls": ("the certificate of {at} isn't trusted", "o certificado de {at} não é confiável"),
    # what its container shows, as `docker ps` does
    "healthy": ("Docker calls {name} healthy", "o Docker diz que {name} está saudável"),
    "unhealthy": ("Docker calls {name} unhealthy", "o Docker diz que {name} não está saudável"),
    "starting": ("{name} is starting", "{name} está iniciando"),
    "runs": ("the container {name} runs", "o contêiner {name} está rodando"),
    "runs_unchecked": (
        "the container {name} runs; it has no health check",
        "o contêiner {name} está rodando; não tem verificação de saúde",
    ),
    "restarting": (
        "{name} keeps dying (exit {code}, {restarts} restarts)",
        "{name} não para de cair (saída {code}, {restarts} reinícios)",
    ),
    "exited": ("{name} is stopped (exit {code})", "{name} está parado (saída {code})"),
    "failed": ("{name} ended with exit code {code}", "{name} terminou com código de saída {code}"),
    "oom": ("{name} ran out of memory", "{name} ficou sem memória"),
    "paused": ("{name} is paused", "{name} está pausado"),
    "created": ("{name} was made but never started", "{name} foi criado, mas nunca iniciado"),
    "removing": ("{name} is being removed", "{name} está sendo removido"),
    "depends": ("it needs {name}, which is {state}", "depende de {name}: {state}"),
    # what nobody can tell
    "no_container": ("it has no container", "não tem contêiner"),
    "no_health": (
        "the manifest gives no health address, and no container matches it",
        "o manifesto não dá endereço de saúde, e nenhum contêiner corresponde",
    ),
    "no_docker": (
        "the manifest gives no health address, and Docker can't be asked: {why}",
        "o manifesto não dá endereço de saúde, e o Docker não pode ser consultado: {why}",
    ),
    "unasked": ("not asked yet", "ainda não consultado"),
}
# Docker's own words for states and healths, where a sentence needs them.
_STATES = {
    "exited": ("stopped", "parado"),
    "dead": ("dead", "morto"),
    "created": ("not started", "sem iniciar"),
    "paused": ("paused", "pausado"),
    "removing": ("being removed", "sendo removido"),
    "restarting": ("restarting", "reiniciando"),
    "starting": ("starting", "iniciando"),
    "unhealthy": ("unhealthy", "sem saúde"),
}


@dataclass(frozen=True)
class Part:
    """One clause of a reason.

    Attributes:
        code: which clause; stable, for programs.
        values: what is filled in, by name.
    """

    code: str
    values: tuple[tuple[str, str | int], ...] = ()


def part(code: str, /, **values: str | int) -> Part:
    """A clause; `code` is one of this module's.

    Raises:
        KeyError: there is no such clause.
    """
    _TEXTS[code]
    return Part(code, tuple(values.items()))


def say(parts: Iterable[Part], language: str = "en") -> str:
    """The clauses as one sentence without a full stop."""
    column = LANGUAGES.index(language)
    return "; ".join(_TEXTS[p.code][column].format(**_values(p, column)) for p in parts)


def _values(one: Part, column: int) -> dict[str, str | int]:
    values = dict(one.values)
    state = values.get("state")
    return {**values, "state": _STATES.get(str(state), (str(state),) * 2)[column]}
