"""Death at a step of the work, before or after it, by chance."""


class Killed(BaseException):
    """Ends the work at once, past every handler of errors."""


def dying(original, rng, chances):
    """The step, which dies before it or after it once in ``chances`` each."""

    def step(*arguments, **more):
        fate = rng.randrange(chances)
        if fate == 0:
            raise Killed
        result = original(*arguments, **more)
        if fate == 1:
            raise Killed
        return result

    return step
