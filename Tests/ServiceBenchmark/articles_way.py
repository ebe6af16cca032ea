"""The articles' way: each request reads the test set's JSON with pandas, and both models from disk.

What the service's articles print, with the models of this repository. It is here to be measured against, not to be used.
"""

import os
from pathlib import Path

import pandas
from flask import Flask
from joblib import load

MODELS = Path(os.environ["MODELS_DIR"])
app = Flask(__name__)


@app.route("/prediction/<int:line>", methods=["GET", "POST"])
def prediction(line):
    data = pandas.read_json(Path(os.environ["DATA_DIR"]) / "test.json").transpose()
    rows = data.drop(columns=["Line", "# Letter"])
    row = rows.iloc[line, :].values.reshape(1, -1)
    lda, mlp = load(MODELS / "lda.joblib"), load(MODELS / "mlp.joblib")
    return {"prediction LDA": int(lda.predict(row)[0]), "prediction Neural Network": int(mlp.predict(row)[0])}


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
