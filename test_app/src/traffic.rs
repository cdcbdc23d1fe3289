//! Traffic without a server: requests that are tasks, of which some panic on purpose.

/// What a handler that panics on purpose says.
const PANIC: &str = "a handler's panic";

/// Ends a request as a handler's panic does, without a word on standard error.
pub fn panic_on_purpose() -> ! {
    std::panic::resume_unwind(Box::new(PANIC))
}

/// Serves requests one after another, each as a task of its own, as a server does. What none does on purpose fails the test.
pub async fn serve_in_turn<R>(requests: impl IntoIterator<Item = R>)
where
    R: Future<Output = ()> + Send + 'static,
{
    for request in requests {
        if let Err(failed) = tokio::spawn(request).await {
            let payload = failed.into_panic();
            if payload.downcast_ref() != Some(&PANIC) {
                std::panic::resume_unwind(payload);
            }
        }
    }
}
