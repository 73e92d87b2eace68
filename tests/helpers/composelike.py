"""Compose-like texts for property tests: every habit of people's editors, mixed."""

from __future__ import annotations

from hypothesis import strategies as st

_WORDS = st.sampled_from(
    [
        "a",
        "web-1",
        "x y",
        "#5",
        "it's",
        "ação",
        "😀",
        "include",
        "services",
        "80:80",
        "${A:-b}",
        "~",
    ]
)
_COMMENTS = st.sampled_from(
    [
        "",
        "# a note",
        "#",
        "  # deeper",
        "      # far right",
        "# tab\there",
        "#include:",
        "# - x.yml",
    ]
)


@st.composite
def _scalars(draw: st.DrawFn, indent: str) -> str:
    """A value behind `key:`; may take several lines, the first of them the key's own."""
    word = draw(_WORDS)
    deeper = f"{indent}  "
    return draw(
        st.sampled_from(
            [
                " plain",
                " plain  # said why",
                f' "{word}"',
                " 'it''s'",
                f' "{word}\\\n{deeper}on"',
                f" one\n{deeper}two",
                f" |\n{deeper}{word}\n{deeper}# no comment",
                f" |+\n{deeper}{word}\n\n",
                f" |-\n{deeper}{word}\n",
                f" >\n{deeper}{word}\n\n{deeper}  more",
                f" |2\n{deeper}{word}" if indent == "" else " 5",
                " [a, 'b']",
                " {a: b, c: [d]}",
                f" [\n{deeper}a,\n{deeper}b, # last\n{deeper}]",
                "",
                "  # nothing",
                " !reset null",
            ]
        )
    )


@st.composite
def _services(draw: st.DrawFn, indent: str) -> str:
    step = draw(st.sampled_from(["  ", "    "]))
    key = draw(st.sampled_from(["services", '"services"', "'services'"]))
    lines = [f"{indent}{key}:"]
    for number in range(draw(st.integers(1, 3))):
        lines.append(draw(_COMMENTS))
        lines.append(f"{indent}{step}s{number}:")
        lines.append(f"{indent}{step}{step}image: nginx:{number}")
        for extra in range(draw(st.integers(0, 2))):
            value = draw(_scalars(indent + step + step))
            lines.append(f"{indent}{step}{step}x-{extra}:{value}")
    return "\n".join(lines)


@st.composite
def _includes(draw: st.DrawFn, indent: str) -> str:
    gap = draw(st.sampled_from(["", "  ", "      "])) + indent
    note = draw(st.sampled_from(["", "\n# of old", "\n\n    # - gone.yml"]))
    return indent + draw(
        st.sampled_from(
            [
                f"include:{note}\n{gap}- a.yml",
                f"include: # why{note}\n{gap}- path: a.yml\n{gap}  env_file: x\n{gap}- b.yml  # b",
                f"'include':\n{gap}-   path: [a.yml, b.yml]",
                f"include: &i{note}\n{gap}- a.yml",
                "include: [a.yml]",
                "include: [ a.yml, {path: b.yml} ] # both",
                f"include: [\n{indent}  a.yml,\n{indent}  b.yml\n{indent}]",
                f"include: [ # now\n{indent}  a.yml]",
                "include: []",
                "include:",
                "include:   # none",
            ]
        )
    )


@st.composite
def texts(draw: st.DrawFn, *, includes: bool | None = None) -> str:
    """A compose-like text, in the forms that the splicer takes; valid YAML."""
    indent = draw(st.sampled_from(["", "", "", "  "]))
    parts = [draw(_services(indent))]
    for number in range(draw(st.integers(0, 3))):
        parts.append(f"{indent}x-{number}:{draw(_scalars(indent))}")
    if draw(st.booleans()) if includes is None else includes:
        parts.insert(draw(st.integers(0, len(parts))), draw(_includes(indent)))
    lines: list[str] = draw(st.lists(_COMMENTS, max_size=2))
    lines += draw(st.sampled_from([[], ["---"], ["--- # first"], ["%YAML 1.1", "---"]]))
    for part in parts:
        lines += draw(st.lists(_COMMENTS, max_size=2))
        lines.append(part)
    tail = draw(
        st.sampled_from(["", "", "\n", "\n\n", "\n# end", "\n  # end\n", "\n...", "\n...\n# x\n"])
    )
    text = "\n".join(lines) + tail
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "", "\ufeff"])) + text
