"""Our own client of Valkey: one node or a cluster, pipelined reads and one-key scripts.

A client library costs 117 to 169 ms of import, more than the whole read function may. Here is a
socket, C's parser of replies, and the bytes of a request. No fault of the server or of the network
is raised: where an answer is missing, ``Unanswered`` stands in its place and says why.
"""

from larder.valkey.answers import Unanswered
from larder.valkey.client import Valkey
from larder.valkey.connection import ValkeyEndpoint
from larder.valkey.requests import Script

__all__ = ["Script", "Unanswered", "Valkey", "ValkeyEndpoint"]
