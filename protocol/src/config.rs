//! Configurations that may grow without breaking who uses them.

/// Defines a configuration: public fields, and for each a setter of the same name that gives the changed configuration. From
/// outside of the crate it is made by `default` or `new` and setters, never by a literal, so that a new field breaks nobody.
macro_rules! config {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $kind:ty,)+ }) => {
        $(#[$about])*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $kind,)+
        }

        impl $name {
            $(
                #[doc = concat!("Sets [the field of this name](#structfield.", stringify!($field), "):")]
                ///
                $(#[$doc])*
                #[must_use]
                pub fn $field(mut self, $field: $kind) -> Self {
                    self.$field = $field;
                    self
                }
            )+
        }
    };
}

pub(crate) use config;
