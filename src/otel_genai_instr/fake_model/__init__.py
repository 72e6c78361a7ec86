"""A model that needs no key: ``python -m otel_genai_instr.fake_model COMMAND...`` runs a command with it.

It is there to see a first trace: its answer repeats what the prompt says, its tokens are counted, its pauses are those
of a real model. It speaks the languages of OpenAI's SDK and of Anthropic's, one file each. Nothing of the
instrumentation imports it.
"""
