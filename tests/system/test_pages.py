"""Static files: the API reference, the contract, and the place of the web app."""

import json
import re

import pytest
import yaml

from harness import contract
from harness.stack import ORIGINS


@pytest.mark.smoke
def test_docs_are_served_from_this_host_alone(anyone):
    response = anyone.http.get("/docs", follow_redirects=True)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    references = re.findall(r"(?:src|href)=[\"']([^\"']+)", response.text)
    assert len(references) > 2, "the search for references finds none"
    for reference in references:
        if reference.startswith(("http:", "https:", "//")):
            assert f'<a href="{reference}"' in response.text.replace(
                "'", '"'
            ), f"{reference} is another host's"
        elif not reference.startswith(("#", "data:", "mailto:")):
            found = anyone.http.get(str(response.url.join(reference)))
            assert found.status_code == 200, reference


def test_docs_redirects_stay_on_the_port_the_client_used(anyone):
    response = anyone.http.get("/docs")
    assert (response.status_code, response.headers["location"]) == (301, "/docs/")


@pytest.mark.parametrize("path", ["/docs/", "/"])
def test_pages_are_cut_off_from_other_origins(anyone, path):
    headers = anyone.http.get(path).headers
    for name in ("cross-origin-opener-policy", "cross-origin-resource-policy"):
        assert headers.get_list(name) == ["same-origin"], name
    assert "camera=()" in headers["permissions-policy"]


def test_answers_of_the_api_are_not_embedded(alice):
    """Reading them with CORS is another thing: CORP counts for requests without (Fetch standard, section 3.6)."""
    headers = alice.get(headers={"Origin": ORIGINS[0]}).headers
    assert headers.get_list("cross-origin-resource-policy") == ["same-origin"]
    assert headers["access-control-allow-origin"] == ORIGINS[0]
    assert "cross-origin-opener-policy" not in headers and "permissions-policy" not in headers


def test_docs_carry_a_content_security_policy(anyone):
    policy = anyone.http.get("/docs", follow_redirects=True).headers["content-security-policy"]
    assert "default-src" in policy
    assert "unsafe-eval" not in policy
    assert "http:" not in policy and "*" not in policy


@pytest.mark.parametrize("path, kind", [("/openapi.json", "application/json"), ("/openapi.yaml", "yaml")])
def test_the_contract_is_served(anyone, path, kind):
    response = anyone.http.get(path)
    assert response.status_code == 200
    assert kind in response.headers["content-type"]
    served = json.loads(response.text) if path.endswith("json") else yaml.safe_load(response.text)
    assert served["openapi"].startswith("3.0")
    assert served == contract.OPENAPI


def test_the_root_is_a_page(anyone):
    response = anyone.http.get("/", follow_redirects=True)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path, status",
    [
        ("/docs/../nginx/nginx.conf", 404),
        ("/docs/%2e%2e/%2e%2e/tasklane.env", 400),
        ("/docs../sql/", 404),
        ("/.env", 404),
        ("/tasklane.env", 404),
    ],
)
def test_nothing_else_of_the_host_is_served(anyone, path, status):
    assert anyone.http.get(path).status_code == status
