"""What is counted by who sent it: flags, savings in bytes, tokens and money, answers that changed.

Clients have the names the settings give them; everybody else is `other`, so that the clients add up to all.
"""

from gateway.detection.verdict import KINDS as DETECTORS
from gateway.metric_families import OTHER, RESULTS, MetricFamilies


class ClientMetrics(MetricFamilies):
    """The metrics with a label for the client."""

    def _count_clients(self, clients: frozenset[str]) -> None:
        self._clients = clients
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
        self.client_image_dollars = self._counter(
            "client_image_dollars", "List price in US dollars of the image tokens sent on.", "client"
        )
        self.client_dollars_saved = self._counter(
            "client_dollars_saved", "List price in US dollars of the image tokens not sent on.", "client"
        )
        self.client_would_save_dollars = self._counter(
            "client_would_save_dollars",
            "List price in US dollars of the image tokens that mode observe left in.",
            "client",
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
                self.client_image_dollars,
                self.client_dollars_saved,
                self.client_would_save_dollars,
            ):
                money.labels(client)
            for amount in (self.client_bytes_saved, self.client_tokens_saved):
                amount.labels(client)

    def knows_client(self, client: str) -> bool:
        """Tell whether the settings name this client: nobody else becomes a label."""
        return client in self._clients

    def client_label(self, client: str) -> str:
        """Return the name if the settings know it, else `other`."""
        return client if client in self._clients else OTHER
