{"name": "Bad on purpose", "version": "1"}
