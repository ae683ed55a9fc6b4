"""Go templates: the forms that are known, and a clear word for those that are not."""

import pytest

from tortie.cli.errors import CommandFailed
from tortie.cli.go_template import render
from tortie.model import IPPool, Node

NODE = Node.from_data(
    {
        "metadata": {"name": "n1", "labels": {"rack": "a", "zone": "z"}},
        "spec": {"bgp": {"ipv4Address": "10.0.0.1/24", "asNumber": 65001}, "orchRefs": [{"orchestrator": "k8s"}]},
    }
)
BARE = Node.from_data({"metadata": {"name": "n2"}})
POOL = IPPool.from_data({"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16"}})


def shown(template: str, *resources: object) -> str:
    return render(template, resources or (NODE, BARE), lambda name: f"<{name}>")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{range .}}{{.ObjectMeta.Name}} {{end}}", "n1 n2 "),
        ("{{range .}}{{.metadata.name}},{{.Name}} {{end}}", "n1,n1 n2,n2 "),
        ("{{range .}}{{.Kind}}{{end}}", "NodeNode"),
        ("{{range .}}[{{.Spec.BGP.IPv4Address}}]{{end}}", "[10.0.0.1/24][]"),
        ("{{range .}}{{if .Spec.BGP}}{{.Spec.BGP.ASNumber}}{{else}}({{config \"asnumber\"}}){{end}};{{end}}",
         "65001;(<asnumber>);"),
        ("{{range .}}{{with .Spec.BGP}}{{.ASNumber}}{{end}}{{end}}", "65001"),
        ("{{range .}}{{join .Labels \",\"}}{{end}}", "rack=a,zone=z"),
        ("{{range .}}{{.Labels | len}}{{end}}", "20"),
        ("{{range .}}{{joinAndTruncate .Labels \",\" 8}}{{end}}", "rack=..."),
        ("{{range .}}{{printf \"%s=%q%%\\n\" .Name .Kind}}{{end}}", 'n1="Node"%\nn2="Node"%\n'),
        ("{{range .}}{{index .Labels \"rack\"}}{{end}}", "a"),
        ("{{(index . 0).Name}}", None),
        ("{{range .}}{{if eq .Name \"n2\"}}{{.Name}}{{end}}{{end}}", "n2"),
        ("{{range .}}{{if not (eq .Name \"n2\")}}{{.Name}}{{end}}{{end}}", "n1"),
        ("{{range .}}{{or .Spec.BGP \"none\" | len | ne 4 }};{{end}}", None),
        ("a  {{- /* comment */ -}}  b", "ab"),
        ("{{len .}}{{\"\\t\"}}{{`raw\\n`}}", "2\traw\\n"),
        ("{{range .}}{{range .Labels}}{{.}}{{else}}-{{end}}{{end}}", "az-"),
        ("{{range .}}{{len $}}{{end}}", "22"),
    ],
)  # fmt: skip
def test_known_forms(template: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(CommandFailed, match="go-template: not known here"):
            shown(template)
    else:
        assert shown(template) == text


def test_booleans_and_words_are_gos() -> None:
    template = "{{range .}}{{.Spec.NATOutgoing}} {{.Spec.IPIPMode}} {{.Spec.AllowedUses}}{{end}}"
    assert shown(template, POOL) == "false Never [Workload Tunnel]"


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{range .}}{{.Spec.Nope}}{{end}}", "field 'Nope': NodeSpec has none of this name"),
        ("{{range .}}{{.Spec}}{{end}}", "NodeSpec as text"),
        ("{{$x := 1}}", ":= 1"),
        ('{{define "x"}}', "'define'"),
        ('{{template "x"}}', "'template'"),
        ("{{end}}", "'end' without range, if or with"),
        ("{{range .}}", "'range' without end"),
        ("{{else}}", "'else' without"),
        ("{{if .}}{{else if .}}{{end}}", "'else if .'"),
        ("{{range .}}{{.Name", "'{{' without '}}'"),
        ("{{range .}}{{range .Name}}{{end}}{{end}}", "range over 'n1', which is no list"),
        ("{{}}", "an empty '{{ }}'"),
        ("{{. | 1}}", "'| 1'"),
        ("{{join .}}", "arguments of 'join'"),
        ("{{index . 9}}", "arguments of 'index'"),
        ("{{(len .}}", "'(' without ')'"),
    ],
)
def test_what_is_not_known_is_named(template: str, what: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        shown(template)
    assert what in caught.value.message
