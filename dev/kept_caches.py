"""A pytest plugin: after a test, only those of Odoo's caches are cleared that it made stale.

Odoo's test classes clear all of them after every test, so that each compiles its
templates and rights anew: a sixth of the time. A server that takes back a transaction
clears just the caches that were invalidated in it, which is what happens here, too. So
code that forgets to invalidate one is also more likely to be found.
"""

from functools import partial
from unittest.mock import patch


def pytest_collection_finish(session):
    from odoo.orm.registry import _CACHES_BY_KEY, Registry
    from odoo.tests import TransactionCase

    stale = set()
    clear_cache, clear_all_caches = Registry.clear_cache, Registry.clear_all_caches
    set_up = TransactionCase.setUp

    def note_some(registry, *names):
        stale.update(names or ("default",))
        clear_cache(registry, *names)

    def note_all(registry):
        stale.update(_CACHES_BY_KEY)
        clear_all_caches(registry)

    def clear_stale(registry):
        if stale:
            clear_cache(registry, *stale)
            stale.clear()

    def setUp(test):
        registry = test.registry
        with patch.object(registry, "clear_all_caches", partial(clear_stale, registry)):
            set_up(test)  # It takes down now what it calls afterwards.

    Registry.clear_cache, Registry.clear_all_caches = note_some, note_all
    TransactionCase.setUp = setUp
