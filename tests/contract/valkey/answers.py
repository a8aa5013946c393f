"""What tests ask of a client, and how they look at what was answered."""

from larder.valkey import NoReply, Script

ECHO = Script("return {KEYS[1], ARGV[1]}")
STORE = Script("server.call('SET', KEYS[1], ARGV[1]) return ARGV[1]")
BUDGET = 20.0
"""Seconds for a call that must succeed, however busy the machine is."""
SHORT = 0.2
"""Seconds for a call that must not."""
BUDGETS = (SHORT, 1.0, 5.0, BUDGET)
"""Seconds for a call of which one part must not succeed, so that it takes all of them, and the other
must: longer and longer, until they are enough on a machine as busy as this one."""


def reasons(answers):
    """The first word of why each was not answered, and whether the server refused."""
    assert all(isinstance(answer, NoReply) for answer in answers), answers
    return [(answer.reason.split()[0].rstrip(":"), answer.refused) for answer in answers]
