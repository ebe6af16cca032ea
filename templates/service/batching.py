"""How are the models asked, so that many requests cost little more than one?

One thread runs them. Requests that arrive while it is busy are answered together afterwards: no request waits for others to come, and
thirty-two clients cost a ninth of thirty-two single requests.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque

from rows import MOST_ROWS


class Question:
    """Rows that somebody wants to have answered."""

    def __init__(self, rows, reply, probabilities, is_probe):
        self.rows = rows  # or a function that reads them
        self.reply = reply  # a function of the answers, which makes of them what is wanted
        self.probabilities = probabilities  # whether those of every class are wanted, or a function that knows it when the rows are read
        self.is_probe = is_probe
        self.answers = self.error = self.loop = self.future = None

    def read(self):
        if callable(self.rows):
            self.rows = self.rows()
        if callable(self.probabilities):
            self.probabilities = self.probabilities()

    def take(self, answers):
        try:
            self.answers = self.reply(answers)
        except Exception as error:  # its own
            self.error = error

    def finish(self):
        """Called in the loop that waits for it."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.answers)


class Batcher:
    """The thread that asks the models."""

    def __init__(self, models, count=lambda answers: None):
        self._models = models
        self._count = count  # called with all answers that somebody gets
        self._waiting = deque()
        self._has_more = threading.Condition()
        self._thread = None
        self.began = None  # when the batch that is at work began

    async def ask(self, rows, reply, probabilities=False, is_probe=False):
        """What `reply` makes of the answers for these rows, or for those that the function `rows` reads. Raises what went wrong with them.
        A probe's are asked next, and not counted. Both functions are called in the models' thread, so that large bodies do not hold up small requests."""
        question = Question(rows, reply, probabilities, is_probe)
        question.loop = asyncio.get_running_loop()
        question.future = question.loop.create_future()
        with self._has_more:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="models", daemon=True)
                self._thread.start()
            (self._waiting.appendleft if is_probe else self._waiting.append)(question)
            self._has_more.notify()
        return await question.future

    def _work(self):
        while True:
            self.began = None
            with self._has_more:
                while not self._waiting:
                    self._has_more.wait()
            self.began = time.monotonic()
            batch = self._next()
            self._answer(batch)
            with contextlib.suppress(RuntimeError):  # its loop has ended
                batch[0].loop.call_soon_threadsafe(_finish, batch)

    def _next(self):
        """The waiting questions in their order, up to as many rows as one request may have."""
        batch, count = [], 0
        while self._waiting:
            question = self._waiting[0]
            try:
                question.read()
            except Exception as error:  # its own
                question.error = error
            else:
                count += len(question.rows)
                if batch and count > MOST_ROWS:
                    break
            # Another may have come in front of it meanwhile.
            with self._has_more:
                self._waiting.remove(question)
            batch.append(question)
        return batch

    def _answer(self, batch):
        for probabilities in (False, True):
            part = [question for question in batch if question.error is None and question.probabilities == probabilities]
            if not part:
                continue
            try:
                self._together(part, probabilities)
            except Exception as error:
                self._alone(part, probabilities, error)

    def _alone(self, questions, probabilities, error):
        """Asks each by itself, so that only the one at fault gets the error."""
        if len(questions) == 1:
            questions[0].error = error
            return
        for question in questions:
            try:
                self._together([question], probabilities)
            except Exception as own:
                question.error = own

    def _together(self, questions, probabilities):
        rows = type(questions[0].rows).joined([question.rows for question in questions])
        answers = self._models.answers(rows, probabilities)
        begin = 0
        for question in questions:
            own = answers[begin : begin + len(question.rows)]
            begin += len(own)
            question.take(own)
            if not question.is_probe:
                self._count(own)


def _finish(batch):
    for question in batch:
        question.finish()
