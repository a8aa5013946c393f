"""A client of Valkey: one node or a cluster, pipelined reads and scripts over one key.

A client library costs 117 to 169 ms of import, more than the whole read function may. This one is a
socket, C's parser of replies, and the bytes of a request. It raises no fault of the server or of
the network: where a reply is missing, ``NoReply`` takes its place and says why.
"""

from larder.valkey.client import Valkey
from larder.valkey.connection import ValkeyEndpoint
from larder.valkey.replies import NoReply
from larder.valkey.requests import Script

__all__ = ["NoReply", "Script", "Valkey", "ValkeyEndpoint"]
