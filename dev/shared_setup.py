"""A pytest plugin: what Odoo's own test classes prepare is made once, not for each class.

A company with its chart of accounts, its users, products and providers take longer than
most of the tests that need them. The first class makes them and commits them, to a
database that is dropped after the run; the others look them up. Each class still has a
transaction of its own for all that it does itself.
"""

import sys

_COMMON = "odoo.addons.payment_link_onetime.tests.common"
# What a class may define to get something else prepared.
_HOOKS = (
    "chart_template",
    "country_code",
    "default_env_context",
    "get_default_groups",
    "setup_independent_company",
    "setup_independent_user",
)


def pytest_collection_finish(session):
    if common := sys.modules.get(_COMMON):
        from odoo.addons.account_payment.tests.common import AccountPaymentCommon

        _Shared(AccountPaymentCommon, common.PaymentLinkCommon).install()


class _Shared:
    """What is prepared once.

    :param type preparing: whose `setUpClass` prepares it
    :param type common: what the classes have in common that get it
    """

    def __init__(self, preparing, common):
        self.preparing = preparing
        self.original = preparing.__dict__["setUpClass"].__func__
        self.common = common
        self.user_id = None
        self.values = {}

    def install(self):
        def setUpClass(cls):
            if self._wants_the_same(cls):
                self._give(cls)
            else:
                self.original(cls)

        self.preparing.setUpClass = classmethod(setUpClass)

    def _wants_the_same(self, cls):
        return issubclass(cls, self.common) and all(
            _plain(getattr(cls, name)) == _plain(getattr(self.common, name))
            for name in _HOOKS
        )

    def _give(self, cls):
        from odoo.addons.base.tests.common import BaseCommon

        if not self.user_id:
            self._make()
        # Past those that prepare, to those that begin a transaction and serve HTTP.
        super(BaseCommon, cls).setUpClass()
        cls.env = cls.env(user=self.user_id, context=cls.default_env_context())
        for name, value in self.values.items():
            setattr(cls, name, _in_environment(value, cls.env))

    def _make(self):
        from odoo.tests import TransactionCase

        module = {"__module__": _COMMON}  # Odoo wants test classes in addons.
        empty = type("Empty", (TransactionCase,), module)
        empty.setUpClass()
        empty.doClassCleanups()

        first = type("First", (self.common,), module)
        self.original(first)
        first.env.flush_all()
        # Odoo lets no test commit.
        type(first.cr).commit(first.cr)
        self.user_id = first.env.uid
        self.values = {
            name: value
            for name, value in vars(first).items()
            if name not in vars(empty) and not name.startswith("_")
        }
        first.doClassCleanups()


def _plain(value):
    """Return what is the same for two classes that have inherited the same method."""
    return getattr(value, "__func__", value)


def _in_environment(value, env):
    """Return the same records, for another transaction."""
    from odoo.models import BaseModel

    if isinstance(value, BaseModel):
        return env[value._name].browse(value.ids)
    if isinstance(value, dict):
        return {key: _in_environment(item, env) for key, item in value.items()}
    return value
