"""The one-machine platform: emulators, deployment of the synthesized stacks, the example."""
