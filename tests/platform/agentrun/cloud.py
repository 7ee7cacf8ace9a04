"""A control plane on loopback with a memory, and faults."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.platform.agentrun.scripted import Asked, Say
from tests.platform.agentrun.test_client import LOST

MISSING = Say(404, {"code": "ERR_NOT_FOUND", "message": "it does not exist"})


@dataclass
class Cloud:
    """Just enough of the control plane to be wrong in the ways a real one can be.

    ``lose`` answers of POSTs are lost after they acted, ``drop`` before; ``waits`` is how often a
    status is read before it is final, ``ends`` the final one; ``deaf`` to changes it says it took.
    What is removed ``lingers`` for as many reads.
    """

    lose: int = 0
    drop: int = 0
    waits: int = 0
    ends: dict[str, str] = field(default_factory=lambda: {"status": "READY"})
    deaf: bool = False
    runtimes: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    endpoints: list[dict[str, Any]] = field(default_factory=list)
    workspaces: list[dict[str, Any]] = field(default_factory=list)
    lingers: int = 0

    def __call__(self, asked: Asked) -> Say:
        url = urlsplit(asked.path)
        _, kind, *parts = url.path.strip("/").split("/")
        if kind == "workspaces":
            return self._workspaces(asked, parts, parse_qs(url.query))
        if asked.method == "POST" and self.drop:
            self.drop -= 1
            return LOST
        answers = {"POST": self._post, "GET": self._get, "PUT": self._put, "DELETE": self._remove}
        return answers[asked.method](asked, parts[1:])

    def _post(self, asked: Asked, where: list[str]) -> Say:
        match where:
            case []:
                made = {**asked.body, "agentRuntimeId": f"rt-{len(self.runtimes) + 1}"}
                return self._made(self.runtimes, made)
            case [_, "versions"]:
                number = str(len(self.versions) + 1)
                return self._made(self.versions, {**asked.body, "agentRuntimeVersion": number})
            case _:
                return self._made(self.endpoints, {**asked.body, "agentRuntimeEndpointId": "ep-1"})

    def _get(self, asked: Asked, where: list[str]) -> Say:
        match where:
            case [] | [_, "versions" | "endpoints"]:
                kind = where[-1] if where else "runtimes"
                return self._page(kind, parse_qs(urlsplit(asked.path).query))
            case _:
                return self._status(self._shelf(where))

    def _put(self, asked: Asked, where: list[str]) -> Say:
        if not self.deaf:
            self._shelf(where)[0].update(asked.body)
        return Say(200, {"data": {}})

    def _remove(self, _: Asked, where: list[str]) -> Say:
        shelf = self._shelf(where)
        if not shelf:
            return MISSING
        shelf[-1]["status"] = "DELETING"
        return Say(202, {"data": {}})

    def _shelf(self, where: list[str]) -> list[dict[str, Any]]:
        return self.endpoints if len(where) > 1 else self.runtimes

    def _made(self, shelf: list[dict[str, Any]], thing: dict[str, Any]) -> Say:
        shelf.append(thing)
        if self.lose:
            self.lose -= 1
            return LOST
        return Say(201, {"data": thing})

    def _workspaces(self, asked: Asked, parts: list[str], query: dict[str, list[str]]) -> Say:
        if asked.method == "POST":
            made = {**asked.body, "workspaceId": f"ws-{len(self.workspaces) + 1}"}
            return self._made(self.workspaces, made)
        if parts:
            return Say(200, {"data": next(w for w in self.workspaces if parts[0] in w.values())})
        return self._page("workspaces", query)

    def _page(self, kind: str, query: dict[str, list[str]]) -> Say:
        shelf = getattr(self, kind)
        page, size = int(query["pageNumber"][0]), int(query["pageSize"][0])
        items = shelf[(page - 1) * size : page * size]
        key = "workspaces" if kind == "workspaces" else "items"
        return Say(200, {"data": {key: items, "total": len(shelf)}})

    def _status(self, shelf: list[dict[str, Any]]) -> Say:
        if shelf and shelf[-1].get("status") == "DELETING" and self.ends["status"] == "READY":
            self.lingers -= 1
            if self.lingers < 0:
                shelf.pop()
            return Say(200, {"data": shelf[-1]}) if shelf else MISSING
        if not shelf:
            return MISSING
        if self.waits:
            self.waits -= 1
            return Say(200, {"data": {**shelf[-1], "status": "UPDATING"}})
        return Say(200, {"data": {**shelf[-1], **self.ends}})
