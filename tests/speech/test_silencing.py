from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="C's streams cannot be taken away there")


def stderr_of(code: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    return result.stderr.splitlines()


def test_only_what_c_prints_is_silenced_and_only_within() -> None:
    lines = stderr_of("""
        import ctypes, os, sys
        from affetto.speech.silencing import silenced
        libc = ctypes.CDLL(None)
        libc.perror(b"before")
        with silenced(), silenced():
            libc.perror(b"within")
            print("Python", file=sys.stderr, flush=True)
            os.write(2, b"file\\n")
        libc.perror(b"after")
    """)
    assert [line.partition(":")[0] for line in lines] == ["before", "Python", "file", "after"]


def test_a_fork_forgets_the_threads_that_it_does_not_copy() -> None:
    lines = stderr_of("""
        import ctypes, os, threading
        from affetto.speech.silencing import silenced
        libc = ctypes.CDLL(None)
        with silenced():
            child = os.fork()
            if child == 0:
                libc.perror(b"child")
                with silenced():
                    libc.perror(b"within")
                libc.perror(b"child again")
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    """)
    assert [line.partition(":")[0] for line in lines] == ["child", "child again"]
