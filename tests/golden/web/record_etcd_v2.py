"""Record what a real etcd answers on /v2/keys: `python record_etcd_v2.py /path/of/etcd` (3.4, the last with v2).

Writes etcd_v2.json beside this file. Revisions are written as etcd counts them from the first request on. The etcd it
starts listens on loopback only and ends with this program.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

CLIENT_URL = "http://127.0.0.1:23790"
PEER_URL = "http://127.0.0.1:23800"

DIRECTORY = "/v2/keys/calico/bgp/v1/rr_v4"
ONE, TWO, NONE = (f"{DIRECTORY}/10.10.31.{last}" for last in (168, 169, 167))
VALUE = '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'
OTHER = '{"ip":"10.10.31.168","cluster_id":"1.0.0.2"}'
VALUE_TWO = '{"ip":"10.10.31.169","cluster_id":"1.0.0.1"}'
VALUE_NONE = '{"ip":"10.10.31.167","cluster_id":"1.0.0.1"}'

REQUESTS: list[tuple[str, str, dict[str, str] | None]] = [
    ("GET", ONE, None),
    ("GET", DIRECTORY, None),
    ("DELETE", ONE, None),
    ("PUT", ONE, {"value": VALUE}),
    ("GET", ONE, None),
    ("PUT", ONE, {"value": OTHER}),
    ("GET", ONE, None),
    ("PUT", f"{ONE}?prevExist=true", {"value": VALUE}),
    ("PUT", ONE, {"value": OTHER, "prevExist": "false"}),
    ("PUT", TWO, {"value": VALUE_TWO, "prevExist": "true"}),
    ("PUT", TWO, {"value": VALUE_TWO, "prevExist": "false"}),
    ("PUT", f"{ONE}?prevIndex=999999", {"value": OTHER}),
    ("PUT", f"{ONE}?prevValue=x", {"value": OTHER}),
    ("PUT", f"{ONE}?prevValue=x&prevIndex=999999", {"value": OTHER}),
    ("PUT", ONE, {"value": OTHER, "prevValue": VALUE}),
    ("PUT", f"{ONE}?prevIndex=@", {"value": VALUE}),
    ("PUT", f"{ONE}?prevExist=true&prevIndex=@", {"value": OTHER}),
    ("PUT", f"{ONE}?prevExist=false&prevIndex=@", {"value": OTHER}),
    ("PUT", f"{NONE}?prevValue=x", {"value": VALUE_NONE}),
    ("PUT", f"{NONE}?prevIndex=5", {"value": VALUE_NONE}),
    ("PUT", f"{ONE}?prevIndex=x", {"value": VALUE}),
    ("PUT", f"{ONE}?prevIndex=-1", {"value": VALUE}),
    ("PUT", f"{ONE}?prevIndex=", {"value": VALUE}),
    ("PUT", f"{ONE}?prevExist=x", {"value": VALUE}),
    ("PUT", f"{ONE}?prevExist=", {"value": VALUE}),
    ("PUT", ONE, {"value": VALUE, "prevValue": ""}),
    ("PUT", ONE, {"value": VALUE, "ttl": "x"}),
    ("PUT", f"{ONE}?wait=true", {"value": VALUE}),
    ("GET", f"{ONE}?waitIndex=x", None),
    ("GET", f"{ONE}?quorum=true", None),
    ("GET", f"{ONE}?recursive=true", None),
    ("GET", DIRECTORY, None),
    ("GET", f"{DIRECTORY}/", None),
    ("GET", f"{DIRECTORY}?recursive=true&sorted=true", None),
    ("GET", f"{DIRECTORY}?recursive=1&sorted=1", None),
    ("GET", f"{DIRECTORY}?recursive=maybe", None),
    ("GET", "/v2/keys/calico/bgp/v1", None),
    ("GET", "/v2/keys/calico/bgp/v1?recursive=true&sorted=true", None),
    ("GET", "/v2/keys/calico", None),
    ("GET", "/v2/keys", None),
    ("GET", "/v2/keys/", None),
    ("GET", "/v2/keys?recursive=true&sorted=true", None),
    ("PUT", DIRECTORY, {"value": VALUE}),
    ("PUT", "/v2/keys/calico", {"value": VALUE}),
    ("PUT", "/v2/keys/", {"value": VALUE}),
    ("DELETE", DIRECTORY, None),
    ("DELETE", f"{DIRECTORY}?dir=true", None),
    ("DELETE", f"{DIRECTORY}?prevIndex=1", None),
    ("DELETE", "/v2/keys", None),
    ("DELETE", "/v2/keys/nothing", None),
    ("GET", f"{ONE}/x", None),
    ("PUT", f"{ONE}/x", {"value": VALUE}),
    ("PUT", f"{ONE}/x/y", {"value": VALUE}),
    ("DELETE", f"{ONE}/x", None),
    ("DELETE", f"{ONE}?prevIndex=999999", None),
    ("DELETE", f"{ONE}?prevValue=x", None),
    ("GET", ONE, None),
    ("DELETE", f"{ONE}?prevValue=x&prevIndex=@", None),
    ("DELETE", f"{ONE}?prevIndex=@", None),
    ("GET", ONE, None),
    ("DELETE", TWO, None),
    ("GET", TWO, None),
    ("PUT", f"{ONE}?noValueOnSuccess=true", {"value": VALUE}),
    ("PUT", f"{ONE}?value=fromquery", {"value": OTHER}),
    ("DELETE", f"{DIRECTORY}?recursive=true", None),
    ("GET", DIRECTORY, None),
    ("GET", "/health", None),
]
"""@ stands for the revision at which the last key was written."""


def without_base(value: Any, base: int) -> Any:  # noqa: ANN401 - any JSON
    """Return a reply with its revisions counted from the first request."""
    if isinstance(value, dict):
        return {
            name: max(item - base, 0)
            if name in ("index", "modifiedIndex", "createdIndex")
            else without_base(item, base)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [without_base(item, base) for item in value]
    if isinstance(value, str):
        return re.sub(r"!= (\d+)\]", lambda match: f"!= {int(match[1]) - base}]", value)
    return value


def record(client: httpx.Client) -> list[dict[str, Any]]:
    """Send all requests and return them with their replies."""
    base = int(client.get("/v2/keys").headers["x-etcd-index"])
    written = 0
    exchanges = []
    for method, url, form in REQUESTS:
        written_before = written
        reply = client.request(method, url.replace("@", str(written)), data=form)
        body = reply.json()
        if "value" in (node := body.get("node", {})):
            written = node["modifiedIndex"]
        index = reply.headers.get("x-etcd-index")
        exchanges.append(
            {
                "method": method,
                "url": url.replace("@", str(written_before - base)),
                "form": form,
                "status": reply.status_code,
                "content_type": reply.headers["content-type"],
                "index": None if index is None else max(int(index) - base, 0),
                "body": without_base(body, base),
            }
        )
    return exchanges


def main() -> None:
    """Start etcd, record, end it."""
    with tempfile.TemporaryDirectory() as directory:
        arguments = {
            "--data-dir": directory,
            "--listen-client-urls": CLIENT_URL,
            "--advertise-client-urls": CLIENT_URL,
            "--listen-peer-urls": PEER_URL,
            "--initial-advertise-peer-urls": PEER_URL,
            "--initial-cluster": f"default={PEER_URL}",
        }
        command = [sys.argv[1], "--enable-v2=true", *(word for pair in arguments.items() for word in pair)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=CLIENT_URL, transport=httpx.HTTPTransport(retries=20)) as client:
                while client.get("/health").json() != {"health": "true"}:
                    time.sleep(0.1)
                exchanges = record(client)
        finally:
            process.terminate()
            process.wait()
    text = json.dumps(exchanges, indent=1, ensure_ascii=False) + "\n"
    Path(__file__).with_name("etcd_v2.json").write_text(text)


if __name__ == "__main__":
    main()
