from charms.reactive import clear_flag, endpoint_from_flag, when


@when("endpoint.front.changed.cert-request")
def answer():
    front = endpoint_from_flag("endpoint.front.changed.cert-request")
    for unit in front.changed_units():
        names = front.request_of(unit).get("fqdn", [])
        front.answer(unit, {"fqdn": names, "known": 1})
    clear_flag("endpoint.front.changed.cert-request")
