"""The helpers themselves: a prefork server answers, and sees what a test commits."""

from concurrent.futures import ThreadPoolExecutor

import requests


def test_four_workers_answer_at_once(server):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(requests.get, [f"{server.url}/web/login"] * 16))
    assert [answer.status_code for answer in answers] == [200] * 16


def test_the_server_sees_what_a_test_commits(server):
    with server.environment() as env:
        partner = env["res.partner"].create({"name": "Committed by a test"})
        url = f"{server.url}/web/session/authenticate"
        credentials = {"db": server.database, "login": "admin", "password": "admin"}
    session = requests.Session()
    assert session.post(url, json={"params": credentials}).json()["result"]["uid"]
    call = {"model": "res.partner", "method": "read", "args": [[partner.id], ["name"]]}
    answer = session.post(
        f"{server.url}/web/dataset/call_kw", json={"params": {**call, "kwargs": {}}}
    )
    assert answer.json()["result"][0]["name"] == "Committed by a test"
