"""Foreign BGP speakers on the lab's hosts: BIRD, FRR and GoBGP in the place of our agent.

A host with such an agent is a node (or a reflector) like any other: it has a record, a block and containers.
Instead of `tortie node run` it runs `python -m tortie.lab.foreign`, which follows the datastore, computes the same
`NodeIntent`, writes it as the daemon's own configuration and has the daemon obey. It answers on the same socket.

What it is NOT for: production. There `tortie render` writes BIRD's files, and nobody needs FRR's or GoBGP's from us.
Modules: `speakers` (which there are, what they need), `agent` (datastore → daemon), `daemon` (the interface), and for
each daemon one that runs it and, where `fabric` does not write it, one with its text.
"""
