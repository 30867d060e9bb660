import {rpc} from "@web/core/network/rpc";
import {registry} from "@web/core/registry";
import {Interaction} from "@web/public/interaction";

// How long to wait before asking again whether the provider has answered: soon at
// first, as most answer at once; the payer may leave the page open for a bank transfer.
const POLL_DELAYS = [1000, 2000, 3000, 5000, 10000];
const SLOW_POLL_DELAY = 30000;

export class PaymentLinkPage extends Interaction {
    static selector = ".o_payment_link_card[data-page-path]";

    // Odoo's payment form, for those who listen to it: its tooltips put a label on signs
    // and logos, which need a role to bear one. A logo that only repeats the name of the
    // method is not read out.
    dynamicContent = {
        "[name='o_payment_option'] [data-bs-toggle='tooltip']": {
            "t-att-role": () => "img",
            "t-att-aria-hidden": (el) => (this.repeatsName(el) ? "true" : null),
        },
        ".o_payment_link_choices button": {
            "t-on-click": (ev) => this.choose(ev.currentTarget.dataset.amount),
        },
        "#o_payment_link_chosen": {"t-on-input": () => this.checkChoice()},
        // It comes after the page's title, whatever its size.
        "#o_payment_tokens_heading": {"t-att-aria-level": () => "2"},
    };

    setup() {
        this.pagePath = this.el.dataset.pagePath;
        this.pageState = this.el.dataset.pageState;
        this.isWaiting = Boolean(this.el.dataset.isWaiting);
        this.pollCount = 0;
    }

    start() {
        this.addListener(document, "visibilitychange", () => this.reportOpening());
        this.addListener(document, "prerenderingchange", () => this.reportOpening());
        this.reportOpening();
        if (this.isWaiting || ["processing", "busy"].includes(this.pageState)) {
            this.poll();
        }
        // A page that "back" brings up may offer what is paid by now.
        this.addListener(window, "pageshow", (event) => {
            if (event.persisted) {
                window.location.reload();
            }
        });
    }

    /**
     * Tell the server that a person sees the page, and by which way she came.
     *
     * What a browser reads in advance or in the background counts once it is shown.
     */
    reportOpening() {
        if (this.isReported || document.prerendering || document.hidden) {
            return;
        }
        this.isReported = true;
        const via = new URLSearchParams(window.location.search).get("via");
        rpc(`${this.pagePath}/opened`, {via}, {silent: true}).catch(() => null);
    }

    choose(amount) {
        this.el.querySelector("#o_payment_link_chosen").value = amount;
        this.checkChoice();
    }

    checkChoice() {
        const chosen = this.el.querySelector("#o_payment_link_chosen");
        const isValid = chosen.checkValidity();
        chosen.toggleAttribute("aria-invalid", !isValid);
        this.el
            .querySelector("#o_payment_link_chosen_error")
            .classList.toggle("d-none", isValid);
    }

    repeatsName(el) {
        const option = el.closest("[name='o_payment_option']");
        const label = option.querySelector(".o_payment_option_label");
        return el.querySelector("img")?.alt.trim() === label?.textContent.trim();
    }

    poll() {
        const delay = POLL_DELAYS[this.pollCount] || SLOW_POLL_DELAY;
        this.pollCount += 1;
        this.waitForTimeout(async () => {
            let status = null;
            try {
                status = await this.waitFor(
                    rpc(`${this.pagePath}/status`, {}, {silent: true})
                );
            } catch {
                // The network comes and goes on a phone: ask again.
            }
            if (status && this.hasNews(status)) {
                window.location.replace(this.pagePath);
            } else {
                this.poll();
            }
        }, delay);
    }

    hasNews(status) {
        return (
            status.page_state !== this.pageState ||
            (this.isWaiting && status.charge_state !== "draft")
        );
    }
}

registry
    .category("public.interactions")
    .add("payment_link_onetime.page", PaymentLinkPage);
