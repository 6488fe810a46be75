"""Runs on the computer, by the release's Python: loads a model, and says as JSON what came of that."""

from __future__ import annotations

import json
import sys

PLACE = "/opt/bitgrid/model"

if __name__ == "__main__":
    sys.path.append(PLACE)
    import llama_cpp

    model = llama_cpp.Llama(sys.argv[1], n_ctx=64, n_threads=1, n_threads_batch=1, verbose=False)
    answer = model.create_completion("What does the sun do?", max_tokens=1, temperature=0)
    told = {
        "from": llama_cpp.__file__,
        "version": llama_cpp.__version__,
        "processor": llama_cpp.llama_print_system_info().decode(),
        "tokens": answer["usage"]["completion_tokens"],
    }
    json.dump(told, sys.stdout)
