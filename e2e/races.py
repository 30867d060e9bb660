"""What the tests have in which many do something at the same moment."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

ROUNDS = 100 if os.environ.get("TEST_LONG") else 20
FEW_ROUNDS = ROUNDS // 2
PAYERS = 16


def at_once(*actions):
    """Call functions without arguments at the same moment; return their results."""
    barrier = threading.Barrier(len(actions))

    def run(action):
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def rush(link, provider="demo"):
    """Let many payers, each with the page open, click "Pay" at the same moment.

    :return: those who may pay, each with her charge, and what the others were answered
    """
    with ThreadPoolExecutor(8) as pool:
        browsers = list(pool.map(lambda _i: link.visit(), range(PAYERS)))
    answers = at_once(*(partial(browser.pay, provider) for browser in browsers))
    return tell_apart(browsers, answers)


def tell_apart(browsers, answers):
    """Return those who may pay, each with her charge, and what the others were answered."""
    pairs = list(zip(browsers, answers, strict=True))
    return (
        [(browser, answer) for browser, answer in pairs if answer.reference],
        [answer for answer in answers if not answer.reference],
    )


def finish_at_once(charged):
    """Let all go through with their payments at the same moment."""
    at_once(*(partial(browser.finish, answer) for browser, answer in charged))
