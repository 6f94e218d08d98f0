"""Run ONNX classifiers on onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class OnnxClassifier:
    """A `Classifier` whose graph has one float32 input (n, n_features) and an output ``probabilities``.

    ``source`` is a file or its bytes. The graph runs on one thread: a forest answers one row in
    microseconds, and a Lambda function has one core or less.

    Raises
    ------
    CorruptArtifactError
        The file is no ONNX model, or its output has another name.
    """

    def __init__(self, source: Path | bytes) -> None:
        import onnxruntime as ort
        from onnxruntime.capi import onnxruntime_pybind11_state as failures

        self._failures = (
            failures.Fail,
            failures.InvalidArgument,
            failures.InvalidGraph,
            failures.InvalidProtobuf,
            failures.NoSuchFile,
            failures.NotImplemented,
            failures.RuntimeException,
        )
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except self._failures as error:
            raise CorruptArtifactError(f"not an ONNX model: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._output = [output.name for output in self._session.get_outputs()][-1:]
        if self._output != ["probabilities"]:
            raise CorruptArtifactError(f"the ONNX model's output is {self._output}, expected 'probabilities'")

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `segue.domain.genre_preference.preference.Classifier`.

        Raises
        ------
        CorruptArtifactError
            The graph does not take features of this shape.
        """
        try:
            answer: NDArray[np.float32] = self._session.run(self._output, {self._input: features})[0]
        except self._failures as error:
            raise CorruptArtifactError(f"the ONNX model refuses {features.shape}: {error}") from error
        return answer
