"""The real AWS CLI, started once for many calls.

Half of what a call costs is the start of Python and the imports; tests make hundreds of them.

    aws_cli.py --serve SOCKET    imports the AWS CLI, prints `ready`, and forks for each call; it ends
                                 with its standard input
    aws_cli.py SOCKET WORD…      has a call made with this environment, folder, standard input and
                                 outputs, and ends with its exit code

The second form imports next to nothing: run it with `python -ISE`.
"""

import os
import socket
import sys


def call(path, words):
    head = [os.getcwd(), *words, *(f"\0{name}={value}" for name, value in os.environ.items())]
    text = "\1".join(head).encode("utf-8", "surrogateescape")
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        length = len(text).to_bytes(8, "big")
        socket.send_fds(server, [length], [0, 1, 2])
        server.sendall(text)
        code = server.recv(8)
    # Without an answer it was killed.
    return int(code) if code else 255


def read(connection):
    length, files, _, _ = socket.recv_fds(connection, 8, 3)
    left = int.from_bytes(length, "big")
    parts = []
    while left:
        part = connection.recv(min(left, 1 << 16))
        if not part:
            raise EOFError
        parts.append(part)
        left -= len(part)
    folder, *rest = b"".join(parts).decode("utf-8", "surrogateescape").split("\1")
    words = [word for word in rest if not word.startswith("\0")]
    environment = dict(word[1:].split("=", 1) for word in rest if word.startswith("\0"))
    return folder, words, environment, files


def carry_out(connection):
    folder, words, environment, files = read(connection)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # It says at its import where its own data is.
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(environment, AWS_DATA_PATH=data)
    os.chdir(folder)
    sys.argv = ["aws", *words]
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, closefd=False),
        open(1, "w", closefd=False),
        open(2, "w", closefd=False),
    )
    from awscli import clidriver

    try:
        code = clidriver.main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(code or 0).encode())


def serve(path):
    import gc
    import signal
    import threading
    import traceback

    import awscli.clidriver
    import awscli.customizations  # noqa: F401
    import botocore.httpsession  # noqa: F401

    def end_with_parent():
        while os.read(0, 1):
            pass
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What is there now stays, and is not looked through in every child.
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                try:
                    carry_out(connection)
                except BaseException:
                    traceback.print_exc()
                    sys.stderr.flush()
                finally:
                    os._exit(1)
            connection.close()


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        sys.exit(call(sys.argv[1], sys.argv[2:]))
