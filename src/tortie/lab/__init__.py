"""The lab: networks of hosts, LANs and containers in namespaces on this machine, with real agents.

For: learning, proving, and showing a bug; as root, and as an ordinary user inside a user namespace. Not here: how
things look (the CLI), and what agents do (node, cli).

This package re-exports nothing: the holder and the prober are processes of their own that load only what they need.
Import from the module you need; the map:

    topology        a YAML file → topology_types' frozen data (reader.py reads its fields)
    wiring          topology → interfaces, addresses, routes, kernel settings; records → resources of the datastore
    lifecycle       up and down: raising (certificates, datastore, requirements), ending, state directory (state, paths)
      holder        pid 1 of the lab: builder (namespaces, links), supervisor, control socket
    etcd_members    certificates and command lines of a real etcd cluster
    commands        what runs on hosts, word for word
    execute         a command on a host or in a container, from outside
    status          hosts, processes, sessions, containers
    probe           asks the prober (icmp, pings): every container from every other
    walks           which walk a topology is for; walk: steps, events, record; lab_walk: what all walks have
      seed_walk     the document's way from a full mesh to route reflection
      racks_walk    racks of reflectors and their failures, as racks (pure) expects them
                    (walk_tools: what steps do on a lab; checks: what they compare; lines: what is typed)
    leftovers       what a lab could leave behind, and whether it did
"""

__all__: list[str] = []
