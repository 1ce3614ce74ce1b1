"""What is counted by who sent it: flags, savings in bytes, tokens and money, answers that changed.

Clients have the names the settings give them; everybody else is `other`, so that the clients add up to all.
"""

from gateway.detection.verdict import KINDS as DETECTORS
from gateway.metric_families import OTHER, RESULTS, MetricFamilies
from gateway.providers.prices import Tariff


class ClientMetrics(MetricFamilies):
    """The metrics with a label for the client."""

    tariff: Tariff  # by which tokens are told as money

    def _count_clients(self, clients: frozenset[str], tariff: Tariff) -> None:
        self._clients, self.tariff = clients, tariff
        self.client_requests = self._counter(
            "client_requests", "Requests of clients that the settings name.", "client", "status"
        )
        self.client_images = self._counter(
            "client_images", "Images of clients that the settings name.", "client", "outcome"
        )
        self.client_flags = self._counter(
            "client_flags",
            "New images worth an alarm, by who sent them and kind of evidence.",
            "client",
            "kind",
        )
        self.client_bytes_saved = self._counter(
            "client_bytes_saved", "Image bytes not sent on, by whose they were.", "client"
        )
        self.client_tokens_saved = self._counter(
            "client_tokens_saved", "Image tokens not sent on, by whose they were.", "client"
        )
        paid = "client", "currency"
        self.client_image_money = self._counter(
            "client_image_money", "What the image tokens sent on cost, by `prices` or the list.", *paid
        )
        self.client_money_saved = self._counter(
            "client_money_saved",
            "What the image tokens not sent on would have cost, by `prices` or the list.",
            *paid,
        )
        self.client_would_save_money = self._counter(
            "client_would_save_money",
            "What the image tokens that mode observe left in cost, by `prices` or the list.",
            *paid,
        )
        self.unpriced_tokens = self._counter(
            "unpriced_image_tokens",
            "Image tokens received for models of which no price is known.",
            "provider",
        )
        self.client_shadow_audits = self._counter(
            "client_shadow_audits", "Requests asked again by the shadow audit.", "client", "result"
        )
        for client in (*sorted(self._clients), OTHER):
            for kind in DETECTORS:
                self.client_flags.labels(client, kind)
            for result in RESULTS:
                self.client_shadow_audits.labels(client, result)
            for money in (
                self.client_image_money,
                self.client_money_saved,
                self.client_would_save_money,
            ):
                money.labels(client, tariff.currency)
            for amount in (self.client_bytes_saved, self.client_tokens_saved):
                amount.labels(client)

    def knows_client(self, client: str) -> bool:
        """Tell whether the settings name this client: nobody else becomes a label."""
        return client in self._clients

    def client_label(self, client: str) -> str:
        """Return the name if the settings know it, else `other`."""
        return client if client in self._clients else OTHER
