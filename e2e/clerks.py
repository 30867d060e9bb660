"""People who work in Odoo's own screens, each in a session of her own."""

import requests

_PATIENCE = 60


class Refused(Exception):
    """What Odoo says to somebody who cannot do what she clicked."""


class Clerk:
    """Somebody who is signed in.

    :param OdooServer server: where
    :param str login: as whom
    """

    def __init__(self, server, login="admin", password="admin"):
        self.url = server.url
        self.session = requests.Session()
        self._post(
            "/web/session/authenticate",
            db=server.database,
            login=login,
            password=password,
        )

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model.

        :raises Refused: with what a dialog would show
        """
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self._post(path, model=model, method=method, args=args, kwargs=kwargs)

    def attempt(self, model, method, *args):
        """Call a public method; return what the dialog says if it is refused, or None."""
        try:
            self.call(model, method, *args)
        except Refused as error:
            return str(error)
        return None

    def _post(self, path, **params):
        response = self.session.post(
            self.url + path,
            json={"jsonrpc": "2.0", "params": params},
            timeout=_PATIENCE,
        )
        content = response.json()
        if error := content.get("error"):
            raise Refused(error["data"]["message"])
        return content["result"]
