import os

from charms.reactive import clear_flag, endpoint_from_flag, when


@when("endpoint.front.changed.cert-request")
def answer():
    front = endpoint_from_flag("endpoint.front.changed.cert-request")
    all_at_once = "ANSWER_ALL" in os.environ
    for unit in front.changed_units()[-1:] if all_at_once else front.changed_units():
        names = front.request_of(unit).get("fqdn", [])
        answer = {"fqdn": names, "known": 1}
        if all_at_once:
            front.answer_all(answer)
        else:
            front.answer(unit, answer)
    clear_flag("endpoint.front.changed.cert-request")
