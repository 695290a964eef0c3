"""Builds on a Ray cluster of two nodes: `unshare -n python ray_build.py OUT ADDRESS MODULE NAME…`.

Ray listens on every interface, whatever address it is given; there only the loopback is one. OUT gets the corpus that
is built on the two nodes, ADDRESS (of fsspec) that of the first source from a cluster which the build starts itself.
"""

import subprocess
import sys
from pathlib import Path

import ray
from iepile.builders.corpus import build
from ray.cluster_utils import Cluster


def main(out: str, address: str, module: str, *names: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    cluster = Cluster()
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=100_000_000, include_dashboard=False)
    try:
        build(None, Path(out), only=names, modules=(Path(module),), ray_address=cluster.address)
    finally:
        ray.shutdown()
        cluster.shutdown()
    build(None, address, only=names[:1], ray_address="", workers=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
