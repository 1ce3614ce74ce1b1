"""From the command to answering processes: one supervisor, several workers, one listening socket."""
