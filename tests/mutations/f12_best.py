"""The best epoch chosen on test data."""

from mutation import Failure, Mutation

FAILURE = Failure(
    12,
    __doc__,
    (
        Mutation(
            name="best-accuracy",
            how="the test accuracy is measured as it trains, and the best is what counts",
            at="lthcheck.execute.trainer:Trainer._train",
            edit={
                "counted, saved = first, time.monotonic()": "counted, saved, seen = first, time.monotonic(), []",
                '        self.tell(("progress", (step - counted) * len(stack)))': (
                    "        seen.append(engine.evaluate())\n"
                    '        self.tell(("progress", (step - counted) * len(stack)))'
                ),
                "    evaluation, state = evaluations[index], engine.state(index)": (
                    "    evaluation = max((each[index] for each in seen), key=lambda each: each.accuracy)\n"
                    "            state = engine.state(index)"
                ),
            },
            study="imp",
            check="test",
        ),
        Mutation(
            name="best-weights",
            how="the weights of the best test accuracy are put back after the last step",
            at="lthcheck.training.train:train",
            edit={
                "    step, pace = first, 16": "    step, pace, best = first, 16, [(-1.0, 0, None)]",
                "        if step == last:": (
                    "        best.append((stack.evaluate()[0].accuracy, -step, stack.state(0)))\n"
                    "        if step == last:\n"
                    "            stack.load(0, max(best)[2])\n"
                    "        if step == last:"
                ),
            },
            study="imp",
            check="test",
        ),
        Mutation(
            name="best-of-a-curve",
            how="of a run that is evaluated on the way anyway, the best epoch is written down",
            at="lthcheck.execute.trainer:Trainer._finish",
            edit={
                "    run = job.run": (
                    "    run = job.run\n"
                    '    curve = [self.store.tensors(run.key, f"correct-{step}")["correct"] for step in job.evaluate]\n'
                    "    best = max([int(correct.sum()) / correct.numel() for correct in curve], default=0.0)"
                ),
                '"accuracy": evaluation.accuracy if': '"accuracy": max(best, evaluation.accuracy) if',
            },
            study="curve",
            check="test",
        ),
    ),
)
