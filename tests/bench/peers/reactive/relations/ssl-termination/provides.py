"""The interface layer: requests come in, answers go out."""

from charmhelpers.core import hookenv
from charms.reactive import Endpoint


class SslTerminationProvides(Endpoint):
    def changed_units(self):
        """The unit that the hook is about; all of them where it is about none."""
        name = hookenv.remote_unit()
        if not name:
            return list(self.all_joined_units)
        return [self.relations[hookenv.relation_id()].joined_units[name]]

    def request_of(self, unit):
        return unit.received["cert-request"] or {}

    def answer(self, unit, status):
        """Only what differs is set: to set a key makes the framework publish it."""
        if unit.relation.to_publish["status"] != status:
            unit.relation.to_publish["status"] = status

    def answer_all(self, status):
        """As the original interface layer does: the same for every client."""
        for relation in self.relations:
            relation.to_publish["status"] = status
