"""The page's own words, and how it says times and numbers, in each language."""

from __future__ import annotations

from kestra_tasks.core.reasons import LANGUAGES

_TEXTS = {
    "services": ("Services", "Serviços"),
    "service": ("Service", "Serviço"),
    "state": ("State", "Estado"),
    "reason": ("Reason", "Motivo"),
    "up": ("Up", "No ar"),
    "degraded": ("Degraded", "Degradado"),
    "down": ("Down", "Fora do ar"),
    "starting": ("Starting", "Iniciando"),
    "stopped": ("Stopped", "Parado"),
    "unknown": ("Unknown", "Desconhecido"),
    "all": ("All", "Todos"),
    "all_up": ("All {n} services are up", "Todos os {n} serviços estão no ar"),
    "one_up": ("The only service is up", "O único serviço está no ar"),
    "asking": ("Asking {n} services…", "Consultando {n} serviços…"),
    "none_listed": ("No services yet", "Nenhum serviço ainda"),
    "some_down": ("{k} of {n} services down", "{k} de {n} serviços fora do ar"),
    "some_degraded": ("{k} of {n} services degraded", "{k} de {n} serviços degradados"),
    "some_starting": ("{k} of {n} services starting", "{k} de {n} serviços iniciando"),
    "none_down": ("No service is down", "Nenhum serviço fora do ar"),
    "more": ("and {n} more", "e mais {n}"),
    "search": ("Search services", "Buscar serviços"),
    "search_hint": ("Name, stack, state, port…", "Nome, stack, estado, porta…"),
    "show": ("Show", "Mostrar"),
    "filter": ("Filter by state", "Filtrar por estado"),
    "open_ui": ("Open", "Abrir"),
    "interfaces": ("Interfaces", "Interfaces"),
    "no_match": ("No service matches.", "Nenhum serviço corresponde."),
    "clear": ("Show all", "Mostrar todos"),
    "latency": ("Latency", "Latência"),
    "no_latency": ("No latency measured", "Sem latência medida"),
    "latency_hour": (
        "Latency in the last hour: now {now}, slowest {most}",
        "Latência na última hora: agora {now}, pior {most}",
    ),
    "last_hour": ("Last hour", "Última hora"),
    "hour_share": ("Last hour: {share} up", "Última hora: {share} no ar"),
    "hour_unknown": ("Last hour: nothing known", "Última hora: nada conhecido"),
    "details": ("Details", "Detalhes"),
    "details_of": ("Details of {name}", "Detalhes de {name}"),
    "start": ("Start", "Iniciar"),
    "stop": ("Stop", "Parar"),
    "logs": ("Logs", "Logs"),
    "copy": ("Copy", "Copiar"),
    "copy_of": ("Copy: {what} {name}", "Copiar: {what} {name}"),
    "copied": ("Copied", "Copiado"),
    "not_copied": ("Selected: copy it by hand", "Selecionado: copie manualmente"),
    "commands": ("Commands", "Comandos"),
    "no_commands": ("The manifest gives none.", "O manifesto não traz nenhum."),
    "facts": ("Facts", "Dados"),
    "health": ("Health", "Saúde"),
    "container": ("Container", "Contêiner"),
    "image": ("Image", "Imagem"),
    "version": ("Version", "Versão"),
    "restarts": ("Restarts", "Reinícios"),
    "uptime": ("Uptime", "No ar há"),
    "path": ("Folder", "Pasta"),
    "managed": ("Managed by", "Gerido por"),
    "port": ("Port", "Porta"),
    "checked": ("Checked", "Verificado"),
    "since": ("In this state since", "Neste estado desde"),
    "by_http": ("by its health address", "pelo endereço de saúde"),
    "by_tcp": ("by a connection", "por uma conexão"),
    "by_container": ("by its container, as docker ps has it", "pelo contêiner, como em docker ps"),
    "changes": ("Changes", "Mudanças"),
    "no_changes": ("None since the launcher was started.", "Nenhuma desde o início do launcher."),
    "other_stack": ("Other", "Outros"),
    "live": ("Live", "Ao vivo"),
    "connecting": ("Connecting…", "Conectando…"),
    "lost": ("Connection lost", "Conexão perdida"),
    "lost_long": (
        "The launcher doesn't answer. What you see is from {time}; trying again.",
        "O launcher não responde. O que você vê é de {time}; tentando de novo.",
    ),
    "no_script": (
        "Without JavaScript this page stands still; it is from {time}.",
        "Sem JavaScript esta página fica parada; ela é de {time}.",
    ),
    "reload": ("Reload", "Recarregar"),
    "theme": ("Theme", "Tema"),
    "theme_auto": ("Auto", "Auto"),
    "theme_light": ("Light", "Claro"),
    "theme_dark": ("Dark", "Escuro"),
    "language": ("Language", "Idioma"),
    "skip": ("Skip to the services", "Ir para os serviços"),
    "keys": ("Shortcut keys", "Teclas de atalho"),
    "key_search": ("search", "buscar"),
    "key_move": ("move", "mover"),
    "key_open": ("open", "abrir"),
    "key_details": ("details", "detalhes"),
    "key_clear": ("clear", "limpar"),
    "manifest_broken": (
        "The manifest can't be read: {why}. Shown is what it said at {time}.",
        "O manifesto não pode ser lido: {why}. Mostra-se o que dizia às {time}.",
    ),
    "manifest_none": (
        "The manifest can't be read: {why}.",
        "O manifesto não pode ser lido: {why}.",
    ),
    "manifest_hint": ("To begin one: inv kestra.manifest", "Para criar um: inv kestra.manifest"),
    "manifest_problems": (
        "Left out of the manifest:",
        "Deixado de fora do manifesto:",
    ),
    "docker_away": (
        "Docker can't be asked ({why}); states come from health addresses only.",
        "O Docker não pode ser consultado ({why}); os estados vêm só dos endereços de saúde.",
    ),
    "now_is": ("{name} is {state}: {why}", "{name}: {state}: {why}"),
}


class Words:
    """The page's words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, /, **values: object) -> str:
        text = _TEXTS[key][self._column]
        return text.format(**values) if values else text

    def ms(self, value: float | None) -> str:
        """A latency: `3 ms`, `1.4 s`; a dash for none."""
        if value is None:
            return "–"
        if value < 0.95:
            return "<1 ms"
        return f"{value:.0f} ms" if value < 1000 else f"{self.number(value / 1000)} s"

    def number(self, value: float) -> str:
        text = f"{value:.1f}"
        return text.replace(".", ",") if self.language == "pt-BR" else text

    def percent(self, share: float) -> str:
        """99.9 % and not 100 where anything was missed."""
        value = min(share * 100, 99.9) if share < 1 else 100.0
        return f"{value:.0f} %" if value == int(value) else f"{self.number(value)} %"

    def duration(self, seconds: float) -> str:
        """As much as a glance needs: `3 d 4 h`, `5 h`, `12 min`, `40 s`."""
        whole = int(seconds)
        days, hours = divmod(whole // 3600, 24)
        if days:
            return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"
        if hours:
            return f"{hours} h"
        return f"{whole // 60} min" if whole >= 60 else f"{whole} s"


def choose(asked: str | None, header: str | None) -> str:
    """A language that there is, from `?lang=` and Accept-Language; English where neither helps."""
    for language in LANGUAGES:
        if asked and asked.lower() == language.lower():
            return language
    ranked = []
    for item in (header or "")[:500].split(","):
        tag, _, quality = item.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), tag.lower()))
        except ValueError:
            continue
    for weight, tag in sorted(ranked, key=lambda pair: pair[0]):
        for language in LANGUAGES:
            if weight < 0 and tag.partition("-")[0] == language.lower().partition("-")[0]:
                return language
    return LANGUAGES[0]
