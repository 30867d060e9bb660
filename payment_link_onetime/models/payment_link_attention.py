from odoo import models
from odoo.tools import format_date, plaintext2html


class PaymentLink(models.Model):
    """Money that a person has to look at: it came late, or it was too much."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _on_late_payment(self, transaction):
        """Say that money came after the link had closed. It is kept and booked.

        :param payment.transaction transaction: The charge that brought it.
        """
        self.ensure_one()
        self._store({"paid_late": True})
        self._log_note(
            lambda env: env._(
                "%(amount)s arrived after this link had closed. The payment was"
                " kept and booked.",
                amount=transaction.currency_id.format(transaction.amount),
            )
        )
        self._ask_person(
            lambda env: env._("Late payment"),
            lambda env: env._(
                "%(amount)s arrived after this link had closed (transaction"
                " %(transaction)s). It is booked. Please deliver what it was for, or"
                " refund it.",
                amount=transaction.currency_id.format(transaction.amount),
                transaction=transaction.reference,
            ),
        )

    def _on_surplus(self, transaction):
        """Refund what was paid beyond what was asked, or put it before a person.

        The company chooses. A provider that cannot refund that amount leaves it to a
        person in any case.

        :param payment.transaction transaction: The charge that was one too many.
        """
        self.ensure_one()
        currency = self.currency_id
        amount = min(self.amount_surplus, transaction.amount)
        if (
            self.company_id.payment_link_surplus_policy == "refund"
            and transaction._can_request_amount("refund", amount)
        ):
            transaction._refund(amount)
            self._log_note(
                lambda env: env._(
                    "%(amount)s more than asked was paid (transaction %(transaction)s)."
                    " It goes back to the payer.",
                    amount=currency.format(amount),
                    transaction=transaction.reference,
                )
            )
            return
        self._ask_person(
            lambda env: env._("Paid too much"),
            lambda env: env._(
                "%(amount)s more than asked was paid (transaction %(transaction)s). It"
                " is booked. Please refund it, or agree with the customer what to do"
                " with it.",
                amount=currency.format(amount),
                transaction=transaction.reference,
            ),
        )

    def _on_refused_request(self, transaction):
        """Say that a provider did not do what it was asked. Nobody waits for it.

        :param payment.transaction transaction: The capture, void or refund.
        """
        self.ensure_one()
        self._ask_person(
            lambda env: env._("Refused by the payment provider"),
            lambda env: env._(
                "%(provider)s refused the %(request)s of %(amount)s (transaction"
                " %(transaction)s): %(message)s",
                provider=transaction.provider_id.name,
                request=transaction.with_env(env)._get_request_label(),
                amount=transaction.currency_id.format(abs(transaction.amount)),
                transaction=transaction.reference,
                message=transaction.state_message or "",
            ),
        )

    def _on_lost_request(self, transaction):
        """Say that a provider did not answer. It is not asked again: it may have acted.

        :param payment.transaction transaction: The capture, void or refund.
        """
        self.ensure_one()
        self._ask_person(
            lambda env: env._("No answer from the payment provider"),
            lambda env: env._(
                "%(provider)s was asked for %(request)s of %(amount)s (transaction"
                " %(transaction)s), and has not answered. Please look it up there. If"
                " nothing happened, say so on the transaction, and ask again.",
                provider=transaction.provider_id.name,
                request=transaction.with_env(env)._get_request_label(),
                amount=transaction.currency_id.format(abs(transaction.amount)),
                transaction=transaction.reference,
            ),
        )

    def _on_lapsing_hold(self, transaction):
        """Say that authorised money will be given back unless it is captured.

        :param payment.transaction transaction: The authorised charge.
        """
        self.ensure_one()
        self._ask_person(
            lambda env: env._("Authorization about to lapse"),
            lambda env: env._(
                "%(amount)s are authorized since %(since)s (transaction"
                " %(transaction)s). Please capture or void them.",
                amount=transaction.currency_id.format(transaction.amount),
                since=format_date(env, transaction.last_state_change),
                transaction=transaction.reference,
            ),
        )

    def _ask_person(self, get_summary, get_note):
        """Put an activity before whoever is responsible for the link.

        It sends no e-mail: this runs where a provider's answer is written down.

        :param callable get_summary: Takes an environment, returns the title.
        :param callable get_note: Takes an environment, returns what to do.
        """
        self.ensure_one()
        user = self._get_responsible_user()
        # In sudo mode because providers' answers are nobody's requests.
        link_sudo = self.sudo().with_context(
            lang=user.lang or self.company_id.partner_id.lang,
            mail_activity_quick_update=True,
        )
        link_sudo.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=get_summary(link_sudo.env),
            note=plaintext2html(get_note(link_sudo.env)),
            user_id=user.id,
        )

    # === GETTERS === #

    def _get_responsible_user(self):
        """Return who has to know what goes wrong with the link.

        :return: The salesperson, else a manager of payment links in the company.
        :rtype: res.users
        """
        self.ensure_one()
        if self.user_id.active and not self.user_id.share:
            return self.user_id
        managers_sudo = self.env.ref(
            "payment_link_onetime.group_payment_link_manager"
        ).sudo()  # Whoever pays may not list users.
        return managers_sudo.all_user_ids.filtered(
            lambda user: self.company_id in user.company_ids and user.id > 1
        )[:1]
