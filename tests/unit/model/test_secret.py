"""Secrets: Kubernetes' form in, never a value out but for the datastore."""

import pytest

from tortie.model import Resource, ResourceInvalid, Secret, from_stored, is_secret_key, load_manifests, table, to_stored

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: bgp, namespace: kube-system}\n"
VALUE = "hunter2"
ENCODED = "aHVudGVyMg=="


def secret(text: str) -> Secret:
    (resource,) = load_manifests(HEAD + text, "s.yaml")
    assert isinstance(resource, Secret)
    return resource


@pytest.mark.parametrize(
    "text",
    [
        f"data: {{password: {ENCODED}}}",
        f"stringData: {{password: {VALUE}}}",
        f"stringData: {{password: {VALUE}}}\ndata: {{password: b2xk}}",
    ],
    ids=["data", "stringData", "stringData goes before data"],
)
def test_what_is_read(text: str) -> None:
    assert secret(text).value("password") == VALUE.encode()


def test_numbers_are_text_as_written() -> None:
    assert secret("stringData: {password: 0123}").value("password") == b"0123"


def test_keys_and_missing_ones() -> None:
    found = secret("stringData: {b: x, a: y}\ntype: kubernetes.io/basic-auth")
    assert (found.keys, found.type, found.value("c")) == (("a", "b"), "kubernetes.io/basic-auth", None)


def test_it_is_kept_whole_and_apart() -> None:
    key, value = to_stored(secret(f"stringData: {{password: {VALUE}}}"))
    assert key == "/tortie/secrets/bgp"
    assert from_stored(key, value).value("password") == VALUE.encode()  # type: ignore[attr-defined]  # it is a Secret


def test_no_way_out_shows_a_value() -> None:
    found = secret(f"stringData: {{password: {VALUE}}}")
    shown = [repr(found), str(found), str(found.to_data()), str(Resource.to_data(found))]
    shown.append(str(table("secret", [found], 64512).rows))
    for text in shown:
        assert VALUE not in text
        assert ENCODED not in text
    assert found.to_data()["data"] == {"password": "<7 octets, not shown>"}
    assert table("secret", [found], 64512).rows == (("bgp", "password"),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"data: {{a: {VALUE}!}}", "data.a: '(not shown)': expected base64 text"),
        ("data: {password: '<7 octets, not shown>'}", "data.password: '(not shown)': expected base64 text"),
        (f"data: {VALUE}", "data: '(not shown)': expected a mapping of keys to base64 text"),
        (f"stringData: {VALUE}", "stringData: '(not shown)': expected a mapping of keys to text"),
        (f"stringData: {{a: [{VALUE}]}}", "stringData.a: '(not shown)': expected text"),
        (f"stringData: {{../a: {VALUE}}}", "data: '(not shown)': expected keys of letters"),
        (f"{VALUE}: x", "field in document is not recognized"),
        (f"spec: {{a: {VALUE}}}", "field in document is not recognized"),
        (f"type: [{ENCODED}]", "type: a list: expected text"),
    ],
)
def test_problems_show_no_value(text: str, problem: str) -> None:
    with pytest.raises(ResourceInvalid, match=problem.replace("(not shown)", r"\(not shown\)")) as caught:
        secret(text)
    if VALUE not in problem and not text.startswith(VALUE):
        assert VALUE not in str(caught.value)


def test_stored_values_that_cannot_be_used_are_not_shown() -> None:
    for value in (b'"hunter2"', b'{"data": {"a": "hunter2!"}, "metadata": {"name": "bgp"}}', b"hunter2"):
        with pytest.raises(ResourceInvalid) as caught:
            from_stored("/tortie/secrets/bgp", value)
        assert VALUE not in str(caught.value)


@pytest.mark.parametrize("key", ["", ".", "..", "../x", "..data", "a/b", "a b", "ä", "x" * 254])
def test_texts_that_are_no_keys_or_file_names(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize("key", ["password", "a", ".hidden", "A-b_c.d", "x" * 253])
def test_keys(key: str) -> None:
    assert is_secret_key(key)
