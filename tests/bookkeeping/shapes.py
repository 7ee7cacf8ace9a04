"""Objects as GitHub's API answers them, with every field that its description requires."""

from collections.abc import Mapping
from typing import Any

DOCS = "https://docs.github.com/rest"
_API = "https://api.github.com"
_WEB = "https://github.com"
_NOW = "2026-11-20T10:00:00Z"


def user(login: str) -> dict[str, Any]:
    own = f"{_API}/users/{login}"
    return {
        "login": login,
        "id": 41898282,
        "node_id": "MDM6Qm90NDE4OTgyODI=",
        "avatar_url": "https://avatars.githubusercontent.com/in/15368?v=4",
        "gravatar_id": "",
        "url": own,
        "html_url": f"{_WEB}/{login}",
        "followers_url": f"{own}/followers",
        "following_url": f"{own}/following{{/other_user}}",
        "gists_url": f"{own}/gists{{/gist_id}}",
        "starred_url": f"{own}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{own}/subscriptions",
        "organizations_url": f"{own}/orgs",
        "repos_url": f"{own}/repos",
        "events_url": f"{own}/events{{/privacy}}",
        "received_events_url": f"{own}/received_events",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def viewer(login: str) -> dict[str, Any]:
    about = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(login),
        "user_view_type": "public",
        **dict.fromkeys(about),
        **dict.fromkeys(counts, 0),
        "created_at": _NOW,
        "updated_at": _NOW,
    }


def deployment(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    url = f"{_API}/repos/acme/shop/deployments/{number}"
    return {
        "url": url,
        "id": number,
        "node_id": f"DE_{number}",
        "sha": body["ref"],
        "ref": body["ref"],
        "task": body.get("task", "deploy"),
        "payload": body.get("payload", {}),
        "original_environment": body["environment"],
        "environment": body["environment"],
        "description": body.get("description"),
        "creator": user("github-actions[bot]"),
        "created_at": _NOW,
        "updated_at": _NOW,
        "statuses_url": f"{url}/statuses",
        "repository_url": f"{_API}/repos/acme/shop",
        "transient_environment": body.get("transient_environment", False),
        "production_environment": body.get("production_environment", False),
    }


def status(number: int, about: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "url": f"{about['url']}/statuses/{number}",
        "id": number,
        "node_id": f"DES_{number}",
        "state": body["state"],
        "creator": user("github-actions[bot]"),
        "description": body.get("description", ""),
        "environment": about["environment"],
        "target_url": body.get("log_url", ""),
        "log_url": body.get("log_url", ""),
        "environment_url": body.get("environment_url", ""),
        "created_at": _NOW,
        "updated_at": _NOW,
        "deployment_url": about["url"],
        "repository_url": about["repository_url"],
    }


def comment(number: int, pull_request: int, body: str, author: str) -> dict[str, Any]:
    issue = f"{_API}/repos/acme/shop/issues/{pull_request}"
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "url": f"{_API}/repos/acme/shop/issues/comments/{number}",
        "html_url": f"{_WEB}/acme/shop/pull/{pull_request}#issuecomment-{number}",
        "body": body,
        "user": user(author),
        "created_at": _NOW,
        "updated_at": _NOW,
        "issue_url": issue,
        "author_association": "NONE",
        "performed_via_github_app": None,
    }
