"""A stranger's files, laid over this machine's /usr in a mount namespace of its own: its built-in paths are then right."""
import os

from process import CheckFailed, run

FETCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fetch-peers")
trees = {}


def tree_of(peer):
    """Where the peer's files are; fetched at the first use."""
    if peer not in trees:
        trees[peer] = run([FETCH, peer], timeout=300)[1].splitlines()[-1]
    return trees[peer]


def why_unavailable(peer):
    try:
        run(in_tree(peer, ["true"]))
        return None
    except CheckFailed as failure:
        return str(failure).splitlines()[-1]


def in_tree(peer, arguments):
    """The command that runs with the peer's files in place; the process id stays the same all the way."""
    lower = f"{tree_of(peer)}/usr:/usr"
    return ["unshare", "-m", "--propagation", "private", "sh", "-c",
            f'mount -t overlay -o lowerdir={lower} {peer} /usr && exec "$@"', "sh", *arguments]
