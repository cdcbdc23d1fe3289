//! Tasks that end when they are dropped: nothing of the server works on when the server is gone.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A task, which ends at once when this is dropped.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Task(JoinHandle<()>);

/// A task that can also be asked to stop, to finish first what it must.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct StoppableTask {
    task: Task,
    stop: watch::Sender<bool>,
}

impl Task {
    /// Begins.
    pub fn start(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl StoppableTask {
    /// Begins work that looks whether it is to stop.
    pub fn start<W: Future<Output = ()> + Send + 'static>(
        work: impl FnOnce(watch::Receiver<bool>) -> W,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = Task::start(work(stopped));
        Self { task, stop }
    }

    /// Asks the task to stop, and ends it after `patience`. Gives whether it came to its own end.
    pub async fn stop(mut self, patience: Duration) -> bool {
        self.stop.send_replace(true);
        timeout(patience, &mut self.task.0).await.is_ok()
    }
}
