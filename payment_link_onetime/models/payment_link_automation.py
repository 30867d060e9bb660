import logging

import psycopg2

from odoo import models
from odoo.exceptions import ConcurrencyError, LockError, UserError

_logger = logging.getLogger(__name__)


class PaymentLink(models.Model):
    """What lists of links and automation rules do with links, and may not break."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _on_transactions_updated(self, transactions):
        """Override to lose no money to an automation rule that fails.

        A rule runs in the transaction that writes down what a provider says.
        """
        rules_sudo = self._get_automation_rules()
        if not rules_sudo:
            return super()._on_transactions_updated(transactions)
        try:
            with self.env.cr.savepoint():
                return super()._on_transactions_updated(transactions)
        except (psycopg2.OperationalError, ConcurrencyError):
            raise  # Somebody else writes the same rows: the request starts over.
        except Exception:
            _logger.exception("An automation rule on payment links failed")
        # Odoo runs no rule that it has run on these records already.
        links = self.with_context(__action_done=dict.fromkeys(rules_sudo, self))
        return super(PaymentLink, links)._on_transactions_updated(transactions)

    def _do_each(self, do):
        """Do something with each of the links, or with none, and say which refuse.

        :param callable do: Takes a link; it raises `UserError` to refuse.
        :return: What it returned for each.
        :rtype: list
        :raises UserError: naming all the links that refuse, and saying why.
        """
        results, refusals = [], []
        for link in self:
            try:
                results.append(do(link))
            except LockError:
                raise  # The database does nothing more in this transaction.
            except UserError as error:
                if len(self) == 1:
                    raise
                message = str(error)
                is_named = link.reference in message
                refusals.append(message if is_named else f"{link.reference}: {message}")
        if refusals:
            raise UserError("\n".join(refusals))
        return results

    # === GETTERS === #

    def _get_automation_rules(self):
        """Return the automation rules on links, if Odoo's module for it is installed.

        :return: The rules, in sudo because providers' answers are nobody's requests.
        """
        if "base.automation" not in self.env:
            return None
        rules_sudo = self.env["base.automation"].sudo()
        return rules_sudo.search([("model_name", "=", self._name)])
