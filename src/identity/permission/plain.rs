//! The permissions of plain resources: one type for each action, whatever the resource.

use std::marker::PhantomData;

use tenant_schema::resource::Resource;

use super::Permission;

macro_rules! actions {
    ($($(#[$doc:meta])* $Action:ident = $action:ident,)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $Action<R>(PhantomData<R>);

            impl<R: Resource> Permission for $Action<R> {
                const NAME: &'static str = R::ACTIONS.$action;
            }
        )+
    };
}

actions! {
    /// See those of a resource.
    Read = read,
    /// Make one.
    Create = create,
    /// Change one.
    Update = update,
    /// Delete one, and restore a deleted one.
    Delete = delete,
}
