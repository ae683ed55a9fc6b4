"""Go templates: whatever is typed gives text or a clear refusal."""

from hypothesis import given
from hypothesis import strategies as st

from tortie.cli.errors import CommandFailed
from tortie.cli.go_template import FUNCTIONS, render
from tortie.model import Node

NODE = Node.from_data(
    {"metadata": {"name": "n1", "labels": {"a": "b"}}, "spec": {"bgp": {"ipv4Address": "10.0.0.1/24"}}}
)
WORDS = (
    *("range", "if", "with", "else", "end", "config", "true", "nil", "define", *FUNCTIONS),
    *(
        ".",
        "$",
        ".Name",
        ".Spec.BGP",
        ".Labels",
        ".Spec.Nope",
        "$.Name",
        "0",
        "-1",
        '"x"',
        "`y`",
        "|",
        "(",
        ")",
        "-",
        "%",
    ),
)
ACTIONS = st.lists(st.sampled_from(WORDS), max_size=6).map(lambda words: "{{" + " ".join(words) + "}}")
TEMPLATES = st.lists(st.one_of(ACTIONS, st.sampled_from(["text", "{{", "}}", "{{end}}", "{{range .}}"]))).map("".join)


@given(st.one_of(TEMPLATES, st.text(alphabet='{}.$()|"` -abrange%\\0', max_size=40)))
def test_text_or_refusal(template: str) -> None:
    try:
        text = render(template, [NODE], lambda name: name)
    except CommandFailed as error:
        text = error.message.removeprefix("go-template: not known here: ")
        is_named = text != error.message
    else:
        is_named = True
    assert isinstance(text, str)
    assert is_named


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_stays(text: str) -> None:
    assert render(text, [NODE], lambda name: name) == text
