"""Automation rules on links: Odoo's module for it, with our server actions.

They run where a link changes: in a job, in a salesperson's click, in a payer's request.
"""

import pytest
from links import AMOUNT, create_links

from dev.databases import AUTOMATION
from dev.server import wait_until

# One of the rules fails, and the log may say so.
SERVER = {
    "flavour": AUTOMATION,
    "workers": 2,
    "cron_threads": 1,
    "check_log": False,
}
_JOB_SECONDS = 120


@pytest.fixture
def add_rule(server):
    """Give a function that adds a rule on links; it is gone after the test.

    Its arguments are the trigger, the rule's values, and which of our actions it runs, or the code.
    """
    rules = []

    def add(trigger, action=None, code=None, **values):
        with server.environment() as env:
            rule = env["base.automation"].create(
                {
                    "name": f"{trigger}: {action or code}",
                    "model_id": env["ir.model"]._get_id("payment.link"),
                    "trigger": trigger,
                    **values,
                }
            )
            if action:
                # As "Execute existing actions" does, and what is in the menu stays there.
                env.ref(f"payment_link_onetime.action_server_{action}").copy(
                    {"base_automation_id": rule.id, "usage": "base_automation"}
                )
            else:
                env["ir.actions.server"].create(
                    {
                        "name": "Code",
                        "model_id": rule.model_id.id,
                        "state": "code",
                        "code": code,
                        "base_automation_id": rule.id,
                        "usage": "base_automation",
                    }
                )
            rules.append(rule.id)
        return rules[-1]

    yield add
    with server.environment() as env:
        env["base.automation"].browse(rules).unlink()


def on_value(server, field, value):
    """Return the values of a rule for the moment at which a field becomes a value."""
    with server.environment() as env:
        watched = env["ir.model.fields"]._get("payment.link", field)
        return {
            "filter_domain": f"[('{field}', '=', '{value}')]",
            "trigger_field_ids": [(6, 0, watched.ids)],
        }


def read(server, link, *names):
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        return [record[name] for name in names]


def pay(link):
    browser = link.visit()
    browser.finish(browser.pay("demo"))
    assert "We received your payment" in browser.text


def test_F4_an_expired_link_is_reissued(server, add_rule):
    add_rule("on_create_or_write", "reissue", **on_value(server, "state", "expired"))
    (link,) = create_links(server, 1)
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        record.action_expire()
        new = record.replaced_by_id
        assert (record.close_reason, new.state, new.amount) == ("reissued", "open", 100)


def test_F4_a_cancelled_link_asks_for_the_rest(server, add_rule):
    values = on_value(server, "state", "cancelled")
    add_rule("on_create_or_write", "ask_for_rest", **values)
    (link,) = create_links(server, 1)
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        record.action_cancel()
        new = record.sale_order_id.payment_link_ids - record
        assert (new.state, new.amount) == ("open", AMOUNT)
        assert "sent" in new.event_ids.mapped("type")


def test_F4_a_payment_is_refunded(server, ledger, add_rule):
    """The payer's request sets off the rule, and nobody is signed in there."""
    values = on_value(server, "state", "completed")
    add_rule("on_create_or_write", "refund_all", **values)
    (link,) = create_links(server, 1)
    pay(link)
    wait_until(
        lambda: ledger.account(link.id).payment_status == "refunded",
        _JOB_SECONDS,
        "the job that refunds",
    )
    ledger.wait_for_jobs()
    account = ledger.account(link.id)
    assert (account.states, account.payments) == ({"done": 2}, 2), account


@pytest.mark.parametrize(
    "action, state", [("expire", "expired"), ("cancel", "cancelled")]
)
def test_F4_on_time(server, ledger, add_rule, action, state):
    (link,) = create_links(server, 1)
    ledger.rows(
        "UPDATE payment_link SET create_date = create_date - interval '2 hours'"
        " WHERE id = %s RETURNING id",
        link.id,
    )
    add_rule(
        "on_time_created",
        action,
        trg_date_range=1,
        trg_date_range_type="hour",
        filter_domain=f"[('id', '=', {link.id})]",
    )
    with server.environment() as env:
        env["base.automation"]._cron_process_time_based_actions()
    assert read(server, link, "state") == [state]


def test_F4_amounts_are_watched_as_well(server, add_rule):
    with server.environment() as env:
        watched = env["ir.model.fields"]._get("payment.link", "amount_paid").ids
    add_rule(
        "on_create_or_write",
        code="record.write({'description': 'paid %s' % record.amount_paid})",
        trigger_field_ids=[(6, 0, watched)],
    )
    (link,) = create_links(server, 1)
    pay(link)
    assert read(server, link, "description") == ["paid 100.0"]


@pytest.mark.parametrize("field, value", [("state", "completed"), ("amount_due", 0.0)])
def test_rule_4_a_rule_that_fails_loses_no_money(
    server, ledger, add_rule, field, value
):
    """Also where Odoo runs the rule while it computes the amounts."""
    values = on_value(server, field, value)
    values["filter_domain"] = repr([(field, "=", value)])
    add_rule("on_create_or_write", code="raise UserError('no')", **values)
    (link,) = create_links(server, 1)
    pay(link)
    ledger.wait_for_jobs()
    account = ledger.account(link.id)
    assert (account.state, account.payment_status) == ("completed", "paid"), account
    assert (account.payments, account.booked) == (1, AMOUNT), account
    assert account.events["paid"] == 1, account
    assert "An automation rule on payment links failed" in server.log()


def test_A14_a_rule_changes_nothing_that_is_fixed(server, add_rule):
    """What the link writes itself, the rule that it sets off may not write."""
    values = on_value(server, "state", "cancelled")
    add_rule("on_create_or_write", code="record.write({'amount': 1.0})", **values)
    (link,) = create_links(server, 1)
    from odoo.exceptions import UserError

    with pytest.raises(UserError, match="fixed when it is created"):
        with server.environment() as env:
            env["payment.link"].browse(link.id).action_cancel()
    assert read(server, link, "state", "amount") == ["open", AMOUNT]
