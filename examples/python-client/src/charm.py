"""A charm on ops that asks for TLS in front of a web server on its own unit."""

import subprocess

import ops


def tls(*words: str) -> tuple[bool, str]:
    """Call the program: whether it says yes, and what it prints. An error fails the hook."""
    command = ["bin/ssl-termination", *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command)
    return done.returncode == 0, done.stdout.strip()


class PythonClient(ops.CharmBase):
    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        events = self.on["tls"]
        for event in (
            events.relation_created,
            events.relation_joined,
            events.relation_changed,
            events.relation_departed,
            events.relation_broken,
            self.on.upgrade_charm,
        ):
            framework.observe(event, self._on_tls)

    def _on_tls(self, _: ops.EventBase):
        tls("hook")  # takes in what has happened
        if tls("flag", "is-set", "endpoint.tls.available")[0]:
            # What is published already is not written again.
            tls("send-cert-info", "--fqdn", "python.example.com", "--upstream", ":8080")
        ready, message = tls("ready")
        self.unit.status = ops.ActiveStatus(message) if ready else ops.WaitingStatus(message)
        tls("flag", "clear", "endpoint.tls.update")


if __name__ == "__main__":
    ops.main(PythonClient)
